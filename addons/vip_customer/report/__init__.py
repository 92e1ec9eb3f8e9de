from . import vip_benefit_report, vip_tier_run_comparison
