from . import test_departure
