from . import test_departure, test_import_departures, test_tools
