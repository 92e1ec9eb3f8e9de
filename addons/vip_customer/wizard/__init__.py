from . import base_partner_merge, vip_manager_assign, vip_number_owner, vip_tier_run_decide
