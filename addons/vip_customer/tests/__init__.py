    test_import_background,
from . import test_demo, test_tier_run_worked_examples
from . import test_tier_rule_property, test_tier_run_worked_examples, test_tools
