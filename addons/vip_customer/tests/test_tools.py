import doctest
from importlib import import_module
from pkgutil import iter_modules

from odoo.tests import BaseCase, tagged

from .. import tools


@tagged("vip_tier")
class TestTools(BaseCase):
    def test_doctests(self):
        """The examples in ``tools/`` are true; only what speaks SQL has none."""
        names = [module.name for module in iter_modules(tools.__path__)]
        without = []
        for name in names:
            with self.subTest(module=name):
                module = import_module(f"{tools.__name__}.{name}")
                failed, attempted = doctest.testmod(module)
                self.assertFalse(failed, "the log shows what came out instead")
                without += [] if attempted else [name]
        self.assertEqual(without, ["care_sql", "profile_sql", "tier_sql"])
