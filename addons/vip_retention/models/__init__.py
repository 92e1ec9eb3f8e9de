from . import (
    vip_customer_type,
    vip_departure,
    vip_import,
    vip_import_departures,
    vip_membership_departures,
    vip_retention_offer,
    vip_retention_reason,
)
