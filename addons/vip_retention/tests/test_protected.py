from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import VipRetentionCase


@tagged("post_install", "-at_install", "vip_protected")
class TestProtected(VipRetentionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Member = cls.env["vip.membership"]
        cls.member = cls.li.vip_membership_id

    def _follow(self, partner=None):
        self.Member._follow_protected(self.company)
        return (partner or self.li).vip_membership_id.protected

    def _tier(self, tier, joined_on="2026-01-01"):
        """Give Li a tier without a run, and the day since when he is with us."""
        self.member.write({"tier_id": tier.id, "joined_on": joined_on})

    def test_shipped(self):
        self.assertEqual(
            [(tier.is_protected, tier.protected_months) for tier in (self.diamond, self.gold)],
            [(True, 0), (True, 60)],
        )
        self.assertFalse(self.silver.is_protected)
        self.assertEqual(self.company.vip_protected_amount, 12000)

    def test_tier_at_once(self):
        self.assertFalse(self._follow())
        self._tier(self.diamond)
        self.assertTrue(self._follow())
        self._tier(self.silver)
        self.assertFalse(self._follow())

    def test_tier_after_its_months(self):
        for joined_on, expected in (
            ("2021-03-10", True),  # 60 months today
            ("2021-03-11", False),
            (False, False),
        ):
            with self.subTest(joined_on):
                self._tier(self.gold, joined_on)
                self.assertEqual(self._follow(), expected)

    def test_bills(self):
        """The last 12 full months, from March 2025 to February 2026."""
        self._create_bills(self.zhao, {"2025-02-01": 20000, "2025-03-01": 11999.99})
        self._create_bills(self.zhao, {"2026-03-01": 20000})
        self.assertFalse(self._follow(self.zhao))
        self._create_bills(self.zhao, {"2026-02-01": 0.01})
        self.assertTrue(self._follow(self.zhao))
        self.company.vip_protected_amount = 0
        self.assertFalse(self._follow(self.zhao))

    def test_who_left_is_not_protected(self):
        self._tier(self.diamond)
        self._follow()
        self.li.vip_number_ids.write({"state": "closed", "closed_on": "2026-03-09"})
        self.member.tier_id = self.diamond
        self.assertFalse(self._follow())

    def test_only_what_changed_is_written(self):
        self._tier(self.diamond)
        self._follow()
        self.env.flush_all()
        self.env.cr.execute("SELECT id, xmin FROM vip_membership ORDER BY id")
        before = self.env.cr.fetchall()
        self._follow()
        self.env.cr.execute("SELECT id, xmin FROM vip_membership ORDER BY id")
        self.assertEqual(self.env.cr.fetchall(), before)

    def test_few_statements(self):
        self._follow()  # the company is read
        self.env.flush_all()
        with self.assertQueryCount(1):
            self.Member._follow_protected(self.company)

    # by hand

    def test_by_hand(self):
        self._tier(self.diamond)
        as_lead = self.member.with_user(self.users["lead"])
        as_lead.protect("no", "Asked for it himself")
        self.assertFalse(self.member.protected)
        self.assertFalse(self._follow())
        as_lead.protect("rule", "Asked again")
        self.assertTrue(self.member.protected)
        self.assertFalse(self.member.protected_hand)
        self._tier(self.silver)
        as_lead.protect("yes", "Knows everybody in town")
        self.assertTrue(self._follow())
        self.assertEqual(self.member.protected_reason, "Knows everybody in town")
        self.assertIn("Knows everybody in town", self.member.message_ids[0].body)

    def test_only_he_is_worked_out(self):
        wang = self.wang.vip_membership_id
        wang.tier_id = self.diamond
        self.member.protect("yes", "Why not")
        self.assertTrue(self.member.protected)
        self.assertFalse(wang.protected)

    def test_dialog(self):
        action = self.member.with_user(self.users["boss"]).action_protect()
        form = Form(
            self.env["vip.protect"].with_user(self.users["boss"]).with_context(**action["context"])
        )
        form.reason = "Promised"
        form.save().action_confirm()
        self.assertTrue(self.member.protected)

    def test_who_may(self):
        for user in ("desk", "manager_a", "auditor", "employee"):
            with self.subTest(user), self.assertRaisesRegex(AccessError, "lead or a manager"):
                self.member.with_user(self.users[user]).protect("yes", "Why")
        far = self._create_customer("Far").vip_membership_id
        with self.assertRaises(AccessError):
            far.with_user(self.users["lead"]).protect("yes", "Why")

    def test_choice(self):
        for choice in ("maybe", None, 1):
            with self.subTest(choice), self.assertRaisesRegex(UserError, "no choice of protection"):
                self.member.protect(choice, "Why")

    def test_reason(self):
        for reason in ("", "  ", None, 1):
            with self.subTest(reason), self.assertRaisesRegex(UserError, "Say why"):
                self.member.protect("yes", reason)

    def test_guarded(self):
        boss = self.member.with_user(self.users["boss"])
        for name, value in (
            ("protected", True),
            ("protected_hand", "yes"),
            ("protected_reason", "Why"),
            ("tier_id", self.gold.id),  # what the other addon guards stays guarded
        ):
            with self.subTest(name), self.assertRaises(AccessError):
                boss.write({name: value})

    def test_negative(self):
        with self._violates(CheckViolation, "res_company_vip_protected_amount_positive"):
            self.company.vip_protected_amount = -1
            self.env.flush_all()
        with self._violates(CheckViolation, "vip_tier_protected_months_positive"):
            self.gold.protected_months = -1
            self.env.flush_all()

    def test_hotline_is_told(self):
        self.member.protect("yes", "Promised")
        told = self.env["res.partner"].with_user(self.users["desk"]).vip_lookup("13800000001")
        self.assertTrue(told["protected"])
