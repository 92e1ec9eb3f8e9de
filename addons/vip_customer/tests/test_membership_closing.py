from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from .common import VipCase


@tagged("post_install", "-at_install", "vip_tier")
class TestMembershipClosing(VipCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls._create_customer("Gold", cls._year(800), number="13800138000")
        cls.walk_in = cls._create_customer("Without numbers", cls._year(800))
        cls.policy = cls._create_policy()
        cls._assess(cls.policy)
        cls.number = cls.partner.vip_number_ids
        cls.member = cls.partner.vip_membership_id

    def _close(self, number=None, day="2026-03-10"):
        (number or self.number).write({"state": "closed", "closed_on": day})

    def _open(self, **values):
        return self.env["vip.service.number"].create(
            {"partner_id": self.partner.id, "number": "13900139000", **values}
        )

    def test_last_number_closes(self):
        """The closing day is the first without the tier; the base waits for the customer."""
        self._close(day="2026-03-05")
        self.assertRecordValues(
            self.member,
            [
                {
                    "tier_id": False,
                    "valid_until": False,
                    "since": False,
                    "movement": "leave",
                    "base_tier_id": self.gold.id,
                    "closed_on": self.policy.date_from.replace(month=3, day=5),
                }
            ],
        )
        self.assertEqual(
            self._history(self.partner),
            [
                ("gold", "2026-02-01", "2026-03-04", "run"),
                (False, "2026-03-05", False, "closure"),
            ],
        )

    def test_one_of_two_closes(self):
        self._open()
        self._close()
        self.assertEqual(self.member.tier_id, self.gold)
        self._close(self.partner.vip_number_ids - self.number, "2026-03-10")
        self.assertFalse(self.member.tier_id)

    def test_suspended_and_cancelling_are_open(self):
        for state in ("suspended", "cancelling"):
            self.number.state = state
            self.assertEqual(self.member.tier_id, self.gold)

    def test_closing_day_of_today(self):
        with freeze_time("2026-03-10 16:30:00"):  # the 11th in Shanghai
            self.number.state = "closed"
        self.assertEqual(str(self.number.closed_on), "2026-03-11")
        self.assertEqual(self._history(self.partner)[-1], (False, "2026-03-11", False, "closure"))

    def test_closing_before_the_latest_row(self):
        """A closing that is told late takes effect on the day of the latest row."""
        self._close(day="2026-01-15")
        self.assertEqual(str(self.member.closed_on), "2026-01-15")
        self.assertEqual(
            self._history(self.partner),
            [
                ("gold", "2026-02-01", "2026-01-31", "run"),
                (False, "2026-02-01", False, "closure"),
            ],
        )

    def test_closing_on_the_day_of_a_run(self):
        self._close(day="2026-02-01")
        self.assertEqual(
            self._history(self.partner),
            [
                ("gold", "2026-02-01", "2026-01-31", "run"),
                (False, "2026-02-01", False, "closure"),
            ],
        )

    def test_reopened_in_time(self):
        self._close(day="2026-03-05")
        self._open(activated_on="2026-03-08")
        self.assertEqual(self.member.tier_id, self.gold)
        self.assertEqual(self.member.valid_until, self.policy.date_to)
        self.assertFalse(self.member.closed_on)
        self.assertEqual(str(self.member.since), "2026-03-08")
        self.assertEqual(self._history(self.partner)[-1], ("gold", "2026-03-08", False, "closure"))

    def test_old_number_reactivated(self):
        """It says no day of its own: it is open from today on."""
        self._close(day="2026-03-05")
        self.number.state = "active"
        self.assertFalse(self.number.closed_on)
        self.assertEqual(self._history(self.partner)[-1], ("gold", "2026-03-10", False, "closure"))

    def test_reopened_on_the_last_day(self):
        self._close()
        with freeze_time("2027-01-31 02:00:00"):
            self._open(activated_on="2027-01-31")
        self.assertEqual(self.member.tier_id, self.gold)

    def test_reopened_too_late(self):
        self._close()
        with freeze_time("2027-02-01 02:00:00"):
            self._open(activated_on="2027-02-01")
        self.assertFalse(self.member.tier_id)
        self.assertFalse(self.member.base_tier_id)
        self.assertFalse(self.member.closed_on)

    def test_several_numbers_reopen(self):
        """The first of them brings the tier back, in whatever order they are entered."""
        self._close(day="2026-03-01")
        self.env["vip.service.number"].create(
            [
                {"partner_id": self.partner.id, "number": number, "activated_on": day}
                for number, day in (("13900139001", "2026-03-08"), ("13900139002", "2026-03-04"))
            ]
        )
        self.assertEqual(self._history(self.partner)[-1], ("gold", "2026-03-04", False, "closure"))

    def test_override_returns_with_the_customer(self):
        override = self.env["vip.tier.override"].create(
            {
                "partner_id": self.partner.id,
                "kind": "floor",
                "tier_id": self.diamond.id,
                "date_from": "2026-03-10",
                "date_to": "2026-06-30",
                "reason": "Promised",
                "requested_by": self.users["manager_a"].id,
            }
        )
        override.with_user(self.users["approver"]).action_approve()
        self._close()
        self.assertFalse(self.member.tier_id)
        self._open(activated_on="2026-03-10")
        self.assertEqual(self.member.tier_id, self.diamond)
        self.assertEqual(str(self.member.valid_until), "2026-06-30")

    # ------------------------------------------------------------
    # OWNERS
    # ------------------------------------------------------------

    def test_change_of_owner(self):
        heir = self._create_customer("Heir", joined_on=False)
        new_id = self.number.change_owner(heir.id, "2026-03-09")
        new = self.env["vip.service.number"].browse(new_id)
        self.assertEqual(self._history(self.partner)[-1], (False, "2026-03-09", False, "closure"))
        self.assertEqual((new.partner_id, str(new.date_from)), (heir, "2026-03-09"))
        self.assertEqual(str(self.number.date_to), "2026-03-08")
        self.assertEqual(self.number.state, "active", "a change of owner is no closing")
        self.assertEqual(str(heir.vip_joined_on), "2026-03-09")
        self.assertEqual(
            self.env["vip.billing.fact"].search([("number_id", "=", self.number.id)]).partner_id,
            self.partner,
            "bills stay with the owner of their month",
        )

    def test_number_comes_to_a_closed_customer(self):
        other = self._create_customer("Other", number="13700137000")
        self._close(day="2026-03-05")
        other.vip_number_ids.change_owner(self.partner.id, "2026-03-07")
        self.assertEqual(self._history(self.partner)[-1], ("gold", "2026-03-07", False, "closure"))
        self.assertTrue(other.vip_membership_id.closed_on)

    def test_change_of_owner_refused(self):
        heir = self._create_customer("Heir")
        for partner, day, sentence in (
            (self.partner, "2026-03-09", "Choose another customer than “Gold”"),
            (heir, "2026-03-11", "not in the future"),
            (heir, "2022-10-01", f"choose a day after {self._day('2022-10-01')}"),
        ):
            with self.assertRaisesRegex(UserError, sentence):
                self.number.change_owner(partner.id, day)
        self._close()
        with self.assertRaisesRegex(UserError, "is not open; it cannot change hands"):
            self.number.change_owner(heir.id, "2026-03-10")

    def test_partner_is_not_edited(self):
        with self.assertRaisesRegex(UserError, "use “Change of owner”"):
            self.number.partner_id = self.walk_in

    # ------------------------------------------------------------
    # WITHOUT NUMBERS
    # ------------------------------------------------------------

    def test_customer_without_numbers(self):
        member = self.walk_in.vip_membership_id
        day = self.policy.date_from.replace(month=3, day=10)
        member._close(day)
        self.assertFalse(member.tier_id)
        self.assertFalse(
            self._compute_run(self.policy, as_of="2026-03-10").line_ids.filtered(
                lambda line: line.partner_id == self.walk_in
            ),
            "who has left and has no tier is not judged",
        )
        member._reopen(day)
        self.assertEqual(member.tier_id, self.gold)
        self.assertEqual(
            self._history(self.walk_in),
            [
                ("gold", "2026-02-01", "2026-03-09", "run"),
                (False, "2026-03-10", "2026-03-09", "closure"),
                ("gold", "2026-03-10", False, "closure"),
            ],
        )

    def test_run_finds_a_closed_customer(self):
        """A run as of a day before the closing does not bring the tier back."""
        self._close()
        run = self._compute_run(self.policy, as_of="2026-03-10")
        self.assertNotIn(self.partner, run.line_ids.partner_id)
        self.assertEqual(self.member.base_tier_id, self.gold)

    def test_joined_on_is_the_earliest(self):
        self._open(activated_on="2020-05-05")
        self.assertEqual(str(self.member.joined_on), "2020-05-05")
        self._open(number="13900139009")
        self.assertEqual(str(self.member.joined_on), "2020-05-05")

    def test_closed_number_needs_a_sensible_day(self):
        with self.assertRaisesRegex(UserError, "before it was activated"):
            self._close(day="2022-09-30")
        with self.assertRaisesRegex(UserError, "closing date in the future"):
            self._close(day="2026-03-11")

    def test_company_command(self):
        """Numbers entered on the contact belong to the customer's company."""
        self.partner.write({"vip_number_ids": [Command.create({"number": "13600136000"})]})
        self.assertEqual(self.partner.vip_number_ids.company_id, self.company)
