from importlib.util import find_spec

from . import (
    test_browser,
    test_import_billing,
    test_tier_run_worked_examples,
    test_tools_import_rows,
    test_tools_table_file,
)

if find_spec("hypothesis"):  # a tool of developers, not installed where the programme is used
    from . import test_tools_import_properties
