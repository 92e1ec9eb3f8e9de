from . import vip_tier_run_comparison
