from . import (
    test_case_log,
    test_demo_retention,
    test_retention_report,
    test_save_rule,
    test_tools,
)
