from . import (
    test_case_flow,
    test_case_offers,
    test_departure,
    test_doors,
    test_flags_file,
    test_import_departures,
    test_protected,
    test_right_to_leave,
    test_save_rule,
    test_security_roles,
    test_tools,
)
