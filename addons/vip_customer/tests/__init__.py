from . import (
    test_browser,
    test_tier_run_worked_examples,
)
