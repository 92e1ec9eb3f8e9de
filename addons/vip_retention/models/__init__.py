from . import (
    res_company,
    vip_customer_type,
    vip_departure,
    vip_interaction,
    vip_membership,
    vip_retention_case,
    vip_retention_log,
    vip_retention_offer,
    vip_retention_proposal,
    vip_retention_reason,
    vip_tier,
)
from . import (  # what builds on the case
    vip_demo_retention,
    vip_departure_case,
    vip_retention_case_answers,
    vip_retention_case_clock,
    vip_retention_case_contacts,
    vip_retention_case_facts,
    vip_retention_case_ladder,
    vip_retention_case_opening,
    vip_retention_case_watch,
)
