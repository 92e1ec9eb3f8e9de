from psycopg2.errors import ExclusionViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged

from .common import VipCase


@tagged("post_install", "-at_install", "vip_tier")
class TestTierOverride(VipCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls._create_customer("Silver", cls._year(400), number="13800138000")
        cls.policy = cls._create_policy()
        cls._assess(cls.policy)

    def _request(self, kind="fixed", tier=None, first="2026-03-10", last="2026-03-20"):
        return (
            self.env["vip.tier.override"]
            .with_user(self.users["boss"])
            .create(
                {
                    "partner_id": self.partner.id,
                    "kind": kind,
                    "tier_id": (tier or self.gold).id,
                    "date_from": first,
                    "date_to": last,
                    "reason": "Big complaint handled badly",
                }
            )
        )

    def _approve(self, *args, **kwargs):
        override = self._request(*args, **kwargs)
        override.with_user(self.users["approver"]).action_approve()
        return override

    def _follow_dates(self, day):
        with freeze_time(f"{day} 02:00:00"):
            self.env["vip.tier.override"]._cron_follow_dates()

    def _counts(self, tier, valid_until):
        self.assertEqual(self.partner.vip_tier_id, tier)
        found = self.partner.vip_tier_valid_until
        self.assertEqual(found and str(found), valid_until)

    # ------------------------------------------------------------
    # KINDS
    # ------------------------------------------------------------

    def test_fixed(self):
        self._approve("fixed", self.gold)
        self._counts(self.gold, "2026-03-20")
        self.assertEqual(self.partner.vip_membership_id.base_tier_id, self.silver)

    def test_floor_takes_the_higher(self):
        self._approve("floor", self.gold, last="2026-03-12")
        self._counts(self.gold, "2026-03-12")
        self._follow_dates("2026-03-13")
        low = self._approve("floor", self.silver, first="2026-03-14")
        self.assertEqual(low.state, "approved")
        self._counts(self.silver, "2027-01-31")

    def test_exclude(self):
        override = self._approve("exclude")
        self.assertFalse(override.tier_id)
        self._counts(self.env["vip.tier"], False)
        self.assertFalse(self.partner.vip_since)

    # ------------------------------------------------------------
    # BEGIN AND END
    # ------------------------------------------------------------

    def test_begins_and_ends_by_itself(self):
        override = self._approve(first="2026-03-12")
        self._counts(self.silver, "2027-01-31")
        self._follow_dates("2026-03-11")
        self._counts(self.silver, "2027-01-31")
        self._follow_dates("2026-03-12")
        self._counts(self.gold, "2026-03-20")
        self._follow_dates("2026-03-20")
        self.assertEqual(override.state, "approved")
        self._follow_dates("2026-03-21")
        self._follow_dates("2026-03-21")
        self.assertEqual(override.state, "ended")
        self._counts(self.silver, "2027-01-31")
        self.assertEqual(
            self._history(self.partner),
            [
                ("silver", "2026-02-01", "2026-03-11", "run"),
                ("gold", "2026-03-12", "2026-03-20", "override"),
                ("silver", "2026-03-21", False, "override"),
            ],
        )

    def test_late_cron(self):
        """Whatever day the scheduler comes back on, the history has the days that were approved."""
        self._approve(first="2026-03-12", last="2026-03-13")
        self._approve("fixed", self.diamond, first="2026-03-15", last="2026-04-30")
        self._follow_dates("2026-04-02")
        self.assertEqual(
            self._history(self.partner),
            [
                ("silver", "2026-02-01", "2026-03-11", "run"),
                ("gold", "2026-03-12", "2026-03-13", "override"),
                ("silver", "2026-03-14", "2026-03-14", "override"),
                ("diamond", "2026-03-15", False, "override"),
            ],
        )
        self._counts(self.diamond, "2026-04-30")

    def test_today_is_the_company_s(self):
        self._approve(first="2026-03-11")
        with freeze_time("2026-03-10 15:59:59"):
            self.env["vip.tier.override"]._cron_follow_dates()
        self._counts(self.silver, "2027-01-31")
        with freeze_time("2026-03-10 16:00:00"):  # midnight in Shanghai
            self.env["vip.tier.override"]._cron_follow_dates()
        self._counts(self.gold, "2026-03-20")

    def test_withdrawn(self):
        override = self._approve()
        with freeze_time("2026-03-15 02:00:00"):
            override.with_user(self.users["boss"]).action_withdraw()
        self.assertEqual(override.state, "ended")
        self._counts(self.silver, "2027-01-31")
        self.assertEqual(
            self._history(self.partner)[1:],
            [
                ("gold", "2026-03-10", "2026-03-14", "override"),
                ("silver", "2026-03-15", False, "override"),
            ],
        )

    def test_taken_back(self):
        """Nobody wants it any more: a request is refused, what counts ends today, the rest stays."""
        requested = self._request(first="2026-04-01", last="2026-04-10")
        refused = self._request(first="2026-05-01", last="2026-05-10")
        refused.with_user(self.users["approver"]).action_refuse()
        approved = self._approve()
        (requested | refused | approved).sudo()._take_back()
        self.assertEqual((requested.state, requested.approved_by.id), ("refused", False))
        self.assertEqual(refused.approved_by, self.users["approver"])
        self.assertEqual(approved.state, "ended")
        self._counts(self.silver, "2027-01-31")

    def test_withdrawn_before_it_began(self):
        self._approve(first="2026-03-12").with_user(self.users["boss"]).action_withdraw()
        self._follow_dates("2026-03-12")
        self.assertEqual(self._history(self.partner), [("silver", "2026-02-01", False, "run")])

    def test_approved_after_it_began(self):
        """It takes effect on the day it was approved, not before."""
        self._approve(first="2026-02-15")
        self._follow_dates("2026-03-11")
        self.assertEqual(
            self._history(self.partner)[1:], [("gold", "2026-03-10", False, "override")]
        )

    def test_closed_customer_gets_nothing(self):
        self.partner.vip_number_ids.write({"state": "closed", "closed_on": "2026-03-09"})
        self._approve()
        self._follow_dates("2026-03-11")
        self._counts(self.env["vip.tier"], False)

    def test_run_keeps_the_override_on_top(self):
        self._approve()
        self._create_bills(self.partner, {"2025-01-01": 99999})
        run = self._assess(self.policy, as_of="2026-03-10")
        self.assertEqual(run.line_ids.movement, "keep")
        self._counts(self.gold, "2026-03-20")
        self.assertEqual(self.partner.vip_membership_id.base_tier_id, self.diamond)
        self._follow_dates("2026-03-21")
        self._counts(self.diamond, "2027-01-31")

    # ------------------------------------------------------------
    # REFUSALS
    # ------------------------------------------------------------

    def test_second_person(self):
        override = self._request().with_user(self.users["approver"])
        override.sudo().requested_by = self.users["approver"]
        with self.assertRaisesRegex(UserError, "You requested the override of “Silver” yourself"):
            override.action_approve()
        with self.assertRaisesRegex(AccessError, "Only an approver"):
            override.with_user(self.users["boss"]).action_approve()
        self.assertEqual(override.state, "requested")

    def test_one_at_a_time(self):
        self._approve()
        with self._violates(ExclusionViolation, "vip_tier_override_approved_once"):
            self._approve("exclude", first="2026-03-20", last="2026-03-21")
        self._approve("exclude", first="2026-03-21", last="2026-03-21")

    def test_over_already(self):
        override = self._request(first="2026-03-01", last="2026-03-09")
        with self.assertRaisesRegex(UserError, f"ended on {self._day('2026-03-09')} already"):
            override.with_user(self.users["approver"]).action_approve()

    def test_decided_is_final(self):
        override = self._approve()
        with self.assertRaisesRegex(UserError, "was decided and cannot be edited"):
            override.with_user(self.users["boss"]).date_to = "2026-12-31"
        with self.assertRaisesRegex(UserError, "was decided already"):
            override.with_user(self.users["approver"]).action_refuse()
        with self.assertRaisesRegex(UserError, "was decided and stays as evidence"):
            override.with_user(self.users["boss"]).unlink()

    def test_refused(self):
        override = self._request()
        override.with_user(self.users["approver"]).action_refuse()
        self.assertEqual(override.state, "refused")
        self._counts(self.silver, "2027-01-31")
        with self.assertRaisesRegex(UserError, "Only an approved override can be withdrawn"):
            override.with_user(self.users["boss"]).action_withdraw()
