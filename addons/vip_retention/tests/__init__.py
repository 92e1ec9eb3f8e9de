from . import (
    test_retention_report,
    test_save_rule,
    test_tools,
)
