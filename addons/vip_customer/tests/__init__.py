    test_import_background,
from . import test_demo, test_tier_run_worked_examples
from . import test_tier_rule_property, test_tier_run_worked_examples, test_tools
from . import (
    test_contact_merge,
    test_explain_tier,
    test_membership_closing,
    test_performance,
    test_tier_cron,
    test_tier_override,
    test_tier_policy,
    test_tier_rule_property,
    test_tier_run_apply,
    test_tier_run_compute,
    test_browser,
    test_doors,
    test_history_protected,
    test_security_roles,
    test_tier_run_worked_examples,
    test_tools,
)
