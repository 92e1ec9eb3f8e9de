from . import test_tier_run_worked_examples
