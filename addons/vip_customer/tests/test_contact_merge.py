from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import VipCase


@tagged("post_install", "-at_install", "vip_tier")
class TestContactMerge(VipCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vip = cls._create_customer("Customer", cls._year(800), number="13800138000")
        cls.plain = cls.env["res.partner"].create({"name": "Same person"})
        cls.policy = cls._create_policy()
        cls._assess(cls.policy)

    def _merge(self, partners, dst=None):
        """As a plain employee who may merge, through the wizard."""
        wizard = (
            self.env["base.partner.merge.automatic.wizard"]
            .with_context(active_model="res.partner", active_ids=partners.ids)
            .create({"dst_partner_id": dst.id} if dst else {})
        )
        with mute_logger("odoo.addons.base.partner.merge"):
            wizard.action_merge()

    def test_into_the_customer(self):
        self._merge(self.vip + self.plain, dst=self.vip)
        self.assertFalse(self.plain.exists())
        self.assertEqual(self.vip.vip_tier_id, self.gold)
        self.assertEqual(len(self._history(self.vip)), 1)

    def test_destination_is_found(self):
        """Without a choice the customer stays, whichever contact is older."""
        older = self.env["res.partner"].create({"name": "Older"})
        older._write({"create_date": "2001-01-01 00:00:00"})
        self.env["base.partner.merge.automatic.wizard"]._merge((self.vip + older).ids)
        self.assertTrue(self.vip.exists())
        self.assertFalse(older.exists())
        self.assertEqual(self.vip.vip_tier_id, self.gold)

    def test_wizard_proposes_the_customer(self):
        wizard = (
            self.env["base.partner.merge.automatic.wizard"]
            .with_context(active_model="res.partner", active_ids=(self.plain + self.vip).ids)
            .create({})
        )
        self.assertEqual(wizard.dst_partner_id, self.vip)

    def test_out_of_the_customer(self):
        with self.assertRaisesRegex(UserError, "“Customer” is a customer .* as the destination"):
            self._merge(self.vip + self.plain, dst=self.plain)
        self.assertTrue(self.plain.exists())

    def test_two_customers(self):
        other = self._create_customer("Other")
        for dst in (self.vip, other, None):
            with self.assertRaisesRegex(UserError, "are both customers of the VIP programme"):
                self._merge(self.vip + other, dst=dst)

    def test_delete(self):
        with self.assertRaisesRegex(UserError, "“Customer” is a customer .* cannot be deleted"):
            self.vip.unlink()
        self.plain.unlink()

    def test_archive(self):
        before = self._history(self.vip)
        self.vip.action_archive()
        self.assertEqual(self.vip.vip_tier_id, self.gold)
        self.assertEqual(self._history(self.vip), before)
        run = self._compute_run(self.policy)
        self.assertEqual(run.line_ids.partner_id, self.vip, "archiving changes nothing")
