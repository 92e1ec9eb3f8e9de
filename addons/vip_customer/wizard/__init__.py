from . import (
    base_partner_merge,
    vip_care_touch_done,
    vip_care_touch_postpone,
    vip_goodwill_grant,
    vip_handover,
    vip_handover_line,
    vip_log_call,
    vip_manager_assign,
    vip_number_owner,
    vip_redeem,
    vip_redemption_correct,
    vip_tier_run_decide,
)
