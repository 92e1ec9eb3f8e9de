from . import (
    test_case_flow,
    test_case_offers,
    test_case_screens,
    test_case_tours,
    test_departure,
    test_doors,
    test_import_departures,
    test_lookup,
    test_right_to_leave,
    test_save_rule,
    test_security_roles,
    test_tools,
)
