from . import vip_customer_type, vip_retention_offer, vip_retention_reason
