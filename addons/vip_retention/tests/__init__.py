from . import test_case_flow, test_case_offers, test_departure, test_right_to_leave
