import doctest
from importlib import import_module
from pkgutil import iter_modules

from odoo.tests import BaseCase, tagged

from .. import tools


@tagged("vip_retention")
class TestTools(BaseCase):
    def test_doctests(self):
        """The examples in ``tools/`` are true, and there are some in every module."""
        for found in iter_modules(tools.__path__):
            with self.subTest(module=found.name):
                module = import_module(f"{tools.__name__}.{found.name}")
                failed, attempted = doctest.testmod(module)
                self.assertFalse(failed, "the log shows what came out instead")
                self.assertTrue(attempted, "no example")
