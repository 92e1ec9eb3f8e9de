from . import test_departure, test_flags_file, test_import_departures, test_protected, test_tools
