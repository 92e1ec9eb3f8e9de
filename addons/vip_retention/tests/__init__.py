from . import test_case_flow, test_departure
