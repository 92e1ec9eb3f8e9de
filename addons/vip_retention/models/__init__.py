from . import (
    res_company,
    res_config_settings,
    vip_customer_type,
    vip_departure,
    vip_import,
    vip_import_departures,
    vip_membership_departures,
    vip_membership_protected,
    vip_outgoing_file,
    vip_retention_offer,
    vip_retention_reason,
    vip_tier,
)
