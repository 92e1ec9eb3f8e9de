from . import (
    test_save_rule,
    test_tools,
)
