import doctest

from odoo.tests import BaseCase, tagged

from ..tools import number_key, tier_rules, tier_sql


@tagged("vip_tier")
class TestTools(BaseCase):
    def test_doctests(self):
        """The examples in ``tools/`` are true, and none of them is left out."""
        for module, has_examples in ((number_key, True), (tier_rules, True), (tier_sql, False)):
            with self.subTest(module=module.__name__):
                failed, attempted = doctest.testmod(module)
                self.assertFalse(failed, "the log shows what came out instead")
                self.assertEqual(bool(attempted), has_examples)
