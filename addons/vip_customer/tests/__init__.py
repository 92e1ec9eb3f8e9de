from importlib.util import find_spec

from . import (
    test_browser,
    test_contact_merge,
    test_demo,
    test_doors,
    test_explain_tier,
    test_history_protected,
    test_import_background,
    test_import_billing,
    test_import_customers,
    test_import_file,
    test_import_http,
    test_import_rights,
    test_membership_closing,
    test_performance,
    test_security_roles,
    test_tier_cron,
    test_tier_override,
    test_tier_policy,
    test_tier_rule_property,
    test_tier_run_apply,
    test_tier_run_compute,
    test_tier_run_worked_examples,
    test_tools,
    test_tools_import_rows,
    test_tools_table_file,
)

if find_spec("hypothesis"):  # a tool of developers, not installed where the programme is used
    from . import test_tools_import_properties
