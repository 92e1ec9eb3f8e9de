from . import (
    vip_benefit_report,
    vip_care_coverage,
    vip_event_report,
    vip_membership_brief,
    vip_profile_report,
    vip_service_report,
    vip_tier_run_comparison,
)
