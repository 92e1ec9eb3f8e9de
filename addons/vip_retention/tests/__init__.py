from . import test_doors, test_security_roles
