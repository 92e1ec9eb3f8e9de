    test_import_background,
from . import test_demo, test_tier_run_worked_examples
