from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .benefit_common import BenefitCase


@tagged("post_install", "-at_install", "vip_benefit")
class TestRedemption(BenefitCase):
    """The one grant door and the life of what went through it."""

    # ------------------------------------------------------------
    # THE DOOR
    # ------------------------------------------------------------

    def test_answer(self):
        answer = self._call("BOARDING", 2)
        redemption = self.Redemption.browse(answer["redemption_id"])
        self.assertEqual(answer, {"redemption_id": redemption.id, "remaining": 4, "warning": False})
        self.assertRecordValues(
            redemption,
            [
                {
                    "partner_id": self.partner.id,
                    "company_id": self.company.id,
                    "benefit_id": self._benefit("BOARDING").id,
                    "entitlement_id": self._has("BOARDING", 6, 2, 4).id,
                    "tier_id": self.gold.id,
                    "quantity": 2,
                    "unit_value": 80,
                    "value": 160,
                    "date": date(2026, 3, 10),
                    "state": "approved",
                    "origin": False,
                    "requested_by": self.users["desk"].id,
                    "approved_by": False,
                }
            ],
        )

    def test_unlimited(self):
        self.assertIs(self._call("SIM_REPLACE", 3)["remaining"], False)
        self.assertEqual(self._lines("SIM_REPLACE").used, 3)

    def test_warns_beyond(self):
        self._call("CLUB", 1)
        self.assertFalse(self._call("CLUB", 1)["warning"])
        answer = self._call("CLUB", 1)
        self.assertEqual(answer["remaining"], -1)
        self.assertEqual(answer["warning"], "Given beyond what was granted: 3 of 2.")

    def test_allowed_beyond(self):
        self._create_benefit("FREE", {self.gold: 1}, when_exhausted="allow")
        answer = self._call("FREE", 3)
        self.assertEqual((answer["remaining"], answer["warning"]), (-2, False))

    def test_amount(self):
        """A repair allowance is counted in money: a bill of 180 leaves 20 of 200."""
        self.assertEqual(self._call("REPAIR", 180)["remaining"], 20)

    def test_tier_and_value_stay(self):
        """A family gift is worth 300 for diamond and 150 for gold; the ledger keeps what it was."""
        partner = self._create_vip("Li", self.diamond)
        gift = self._redeem("FAMILY", partner=partner)
        self._move(partner, self.gold)
        self._benefit("FAMILY").unit_value = 500
        self._night()
        self.assertEqual((gift.tier_id, gift.unit_value, gift.value), (self.diamond, 300, 300))
        self.assertTrue(gift.is_lowered)
        mine = self._redeem("FAMILY")
        self.assertEqual((mine.tier_id, mine.unit_value, mine.value), (self.gold, 150, 150))
        self.assertFalse(mine.is_lowered)

    def test_frozen(self):
        redemption = self._redeem("BOARDING")
        values = {
            "quantity": 2,
            "value": 1,
            "tier_id": self.diamond.id,
            "date": "2026-02-01",
            "origin": "x",
            "note": "x",
        }
        for name, value in values.items():
            with self.assertRaisesRegex(UserError, "The ledger of redemptions is evidence"):
                redemption[name] = value
        with self.assertRaisesRegex(UserError, "The ledger of redemptions is evidence"):
            redemption.unlink()

    def test_dialog(self):
        """Who he is, and how it was checked, is on the ledger line."""
        dialog = self._dialog(
            quantity=2,
            date="2026-03-01",
            channel_id=self.env.ref("vip_customer.channel_hall").id,
            identity_check="document",
            note="Two colleagues came along",
        )
        message = dialog.action_redeem()["params"]["message"]
        self.assertIn("4 left", message)
        redemption = self.Redemption.search([("partner_id", "=", self.partner.id)])
        self.assertRecordValues(
            redemption,
            [
                {
                    "quantity": 2,
                    "date": date(2026, 3, 1),
                    "channel_id": self.env.ref("vip_customer.channel_hall").id,
                    "identity_check": "document",
                    "note": "Two colleagues came along",
                    "origin": f"vip.redeem,{dialog.id}",
                    "state": "approved",
                }
            ],
        )
        dialog.action_redeem()
        self.assertEqual(self._lines("BOARDING").used, 2, "pressing twice gives once")

    def test_dialog_hands_over(self):
        self._dialog(identity_check="card").action_hand_over()
        redemption = self.Redemption.search([("partner_id", "=", self.partner.id)])
        self.assertEqual(
            (redemption.state, redemption.issued_by, redemption.delivered_by),
            ("delivered", self.users["desk"], self.users["desk"]),
        )

    def test_dialog_hands_over_nothing_unapproved(self):
        message = self._dialog(quantity=3).action_hand_over()["params"]["message"]
        self.assertIn("Waits for approval by a lead.", message)
        redemption = self.Redemption.search([("partner_id", "=", self.partner.id)])
        self.assertEqual(redemption.state, "requested")

    def test_dialog_is_incomplete(self):
        with self.assertRaisesRegex(UserError, "Choose the customer and the benefit first"):
            self._dialog(benefit_id=False).action_redeem()

    def _dialog(self, **values):
        return (
            self.env["vip.redeem"]
            .with_user(self.users["desk"])
            .create(
                {
                    "partner_id": self.partner.id,
                    "benefit_id": self._benefit("BOARDING").id,
                    **values,
                }
            )
        )

    # ------------------------------------------------------------
    # ORIGIN
    # ------------------------------------------------------------

    def test_origin_gives_once(self):
        first = self._call("BOARDING", 2, origin="case/7")
        again = self._call("BOARDING", 5, origin="case/7")
        self.assertEqual(again, first)
        self._has("BOARDING", 6, 2, 4)
        other = self._create_vip("Li", self.gold)
        keys = {
            self._call("BOARDING", origin="case/8")["redemption_id"],
            self._call("CLUB", origin="case/7")["redemption_id"],
            self._call("BOARDING", partner=other, origin="case/7")["redemption_id"],
        }
        self.assertEqual(len(keys | {first["redemption_id"]}), 4)

    def test_no_origin_is_no_key(self):
        for origin in (None, False, ""):
            self._call("BOARDING", origin=origin)
        self._has("BOARDING", 6, 3, 3)

    def test_origin_after_cancellation(self):
        first = self._redeem("BOARDING", origin="case/7")
        first.with_user(self.users["desk"]).action_cancel()
        again = self._call("BOARDING", origin="case/7")
        self.assertEqual(
            again,
            {
                "redemption_id": first.id,
                "remaining": 6,
                "warning": "This request was redeemed and cancelled before.",
            },
        )

    def test_origin_outlives_the_tier(self):
        first = self._call("BOARDING", origin="case/7")
        self._move(self.partner, self.no_tier)
        again = self._call("BOARDING", origin="case/7")
        self.assertEqual(again["redemption_id"], first["redemption_id"])

    def test_origin_of_64(self):
        key = "x" * 64
        first = self._call("BOARDING", origin=key)
        self.assertEqual(self._call("BOARDING", origin=key), first)

    # ------------------------------------------------------------
    # APPROVAL
    # ------------------------------------------------------------

    def test_limit(self):
        """Above the company's limit a lead approves; exactly the limit is fine."""
        self.assertEqual(self._redeem("REPAIR", 200).state, "approved")
        self.assertEqual(self._redeem("REPAIR", 201).state, "requested")
        self.company.vip_redemption_limit = 1000
        self.assertEqual(self._redeem("REPAIR", 1000).state, "approved")

    def test_limit_in_cents(self):
        """3 at 1.10 are worth 3.30, whatever floating point makes of it."""
        self.company.vip_redemption_limit = 3.3
        self._create_benefit("CENTS", {self.gold: 0}, unit_value=1.1)
        self.assertEqual(self._redeem("CENTS", 3).state, "approved")
        self.assertEqual(self._redeem("CENTS", 4).state, "requested")

    def test_needs_approval(self):
        self._benefit("BOARDING").needs_approval = True
        answer = self._call("BOARDING", 2)
        self.assertEqual(answer["remaining"], 4, "a request takes its units")
        self.assertEqual(answer["warning"], "Waits for approval by a lead.")
        redemption = self.Redemption.browse(answer["redemption_id"])
        self.assertEqual(redemption.activity_ids.user_id, self.users["lead"])
        redemption.with_user(self.users["lead"]).action_approve()
        self.assertEqual(
            (redemption.state, redemption.approved_by), ("approved", self.users["lead"])
        )
        self.assertFalse(redemption.activity_ids)
        self._has("BOARDING", 6, 2, 4)

    def test_request_returns_its_units(self):
        self._benefit("BOARDING").needs_approval = True
        redemption = self._redeem("BOARDING", 6)
        with self.assertRaisesRegex(UserError, "is used up"):
            self._call("BOARDING")
        redemption.with_user(self.users["lead"]).action_cancel()
        self.assertEqual(redemption.cancelled_by, self.users["lead"])
        self.assertFalse(redemption.activity_ids)
        self._has("BOARDING", 6, 0, 6)

    def test_nobody_approves_his_own(self):
        redemption = self._redeem("REPAIR", 201, user="lead")
        self.assertFalse(redemption.activity_ids, "no task for who asked himself")
        with self.assertRaisesRegex(UserError, "You requested “.*” yourself; somebody else"):
            redemption.with_user(self.users["lead"]).action_approve()
        redemption.with_user(self.users["boss"]).action_approve()
        own = self._redeem("REPAIR", 201, user="boss")
        both = own | self._redeem("REPAIR", 201)
        with self.assertRaisesRegex(UserError, "You requested “.*” yourself; somebody else"):
            both.with_user(self.users["boss"]).action_approve()
        self.assertEqual(both.mapped("state"), ["requested", "requested"])

    def test_who_approves(self):
        redemption = self._redeem("REPAIR", 201)
        for user in ("desk", "manager_a"):
            with self.assertRaisesRegex(AccessError, "Only a lead or a manager .* may approve"):
                redemption.with_user(self.users[user]).action_approve()
        self.partner.vip_membership_id.team_id = self.county
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
            redemption.with_user(self.users["lead"]).action_approve()
        redemption.with_user(self.users["boss"]).action_approve()
        self.assertEqual(redemption.state, "approved")

    def test_approved_twice(self):
        redemption = self._redeem("BOARDING")
        with self.assertRaisesRegex(UserError, "is Approved, so this cannot be done with it now"):
            redemption.with_user(self.users["lead"]).action_approve()

    def test_lowered_between(self):
        """A request of a tier that fell meanwhile may be approved; the lead sees that it fell."""
        self._benefit("BOARDING").needs_approval = True
        redemption = self._redeem("BOARDING", 4)
        self._move(self.partner, self.silver)
        self._has("BOARDING", 4, 4, 0)
        as_lead = redemption.with_user(self.users["lead"])
        self.assertTrue(as_lead.is_lowered)
        as_lead.action_approve()
        self.assertEqual((redemption.state, redemption.tier_id), ("approved", self.gold))

    def test_lowered_and_cancelled(self):
        """Units of a request that a downgrade left alone come back when it is cancelled."""
        redemption = self._redeem("BOARDING", 4)
        self._move(self.partner, self.silver)
        redemption.with_user(self.users["desk"]).action_cancel()
        self._has("BOARDING", 4, 0, 4)
        self.assertEqual(self._night()[0], 0)

    def test_left_between(self):
        redemption = self._redeem("REPAIR", 201)
        self._move(self.partner, self.no_tier)
        with self.assertRaisesRegex(UserError, "is no VIP customer any more. Cancel the request"):
            redemption.with_user(self.users["lead"]).action_approve()
        redemption.with_user(self.users["lead"]).action_cancel()
        self.assertEqual(redemption.state, "cancelled")

    def test_archived_between(self):
        """What was requested before the benefit was archived is still fulfilled."""
        requested = self._redeem("REPAIR", 201)
        cancelled = self._redeem("REPAIR", 20)
        self._benefit("REPAIR").active = False
        requested.with_user(self.users["lead"]).action_approve()
        self._deliver(requested)
        cancelled.with_user(self.users["desk"]).action_cancel()
        self._has("REPAIR", 200, 201, -1)

    # ------------------------------------------------------------
    # STATES
    # ------------------------------------------------------------

    def test_states_in_order(self):
        redemption = self._redeem("BOARDING").with_user(self.users["desk"])
        redemption.action_issue()
        self.assertEqual((redemption.state, redemption.issued_by), ("issued", self.users["desk"]))
        self.assertTrue(redemption.issued_on)
        redemption.action_deliver()
        self.assertEqual(redemption.state, "delivered")
        self.assertTrue(redemption.delivered_on)
        for action in (redemption.action_issue, redemption.action_deliver):
            with self.assertRaisesRegex(UserError, "is Delivered, so this cannot be done"):
                action()

    def test_delivered_at_once(self):
        redemption = self._deliver(self._redeem("BOARDING"))
        self.assertEqual(
            (redemption.state, redemption.issued_by.login), ("delivered", "vip_test_desk")
        )

    def test_requested_is_not_handed_out(self):
        redemption = self._redeem("REPAIR", 201).with_user(self.users["desk"])
        for action in (redemption.action_issue, redemption.action_deliver):
            with self.assertRaisesRegex(UserError, "is Requested, so this cannot be done"):
                action()

    def test_cancelled_is_final(self):
        redemption = self._redeem("BOARDING").with_user(self.users["desk"])
        redemption.action_cancel()
        for action in (redemption.action_issue, redemption.action_deliver):
            with self.assertRaisesRegex(UserError, "is Cancelled, so this cannot be done"):
                action()

    def test_cancelled_twice(self):
        self._redeem("BOARDING")
        redemption = self._redeem("BOARDING").with_user(self.users["desk"])
        redemption.action_cancel()
        with self.assertRaisesRegex(UserError, "is cancelled already"):
            redemption.action_cancel()
        self._has("BOARDING", 6, 1, 5)

    def test_cancelled_twice_in_one_call(self):
        """A caller who names the same redemption twice gets its units back once."""
        self._redeem("BOARDING", 2)
        redemption = self._redeem("BOARDING", 2)
        twice = self.Redemption.with_user(self.users["desk"]).browse([redemption.id] * 2)
        twice.action_cancel()
        self._has("BOARDING", 6, 2, 4)

    def test_issued_is_cancelled(self):
        redemption = self._redeem("BOARDING").with_user(self.users["desk"])
        redemption.action_issue()
        redemption.action_cancel()
        self._has("BOARDING", 6, 0, 6)

    def test_delivered_is_not_cancelled(self):
        redemption = self._deliver(self._redeem("BOARDING"))
        with self.assertRaisesRegex(UserError, "is delivered and cannot be cancelled. Correct it"):
            redemption.with_user(self.users["desk"]).action_cancel()
        self._has("BOARDING", 6, 1, 5)

    # ------------------------------------------------------------
    # COUNTER-ENTRIES
    # ------------------------------------------------------------

    def test_counter_entries(self):
        redemption = self._deliver(self._redeem("BOARDING", 2))
        dialog = self.env["vip.redemption.correct"].with_user(self.users["lead"])
        dialog.create(
            {"redemption_id": redemption.id, "quantity": 1, "reason": " Flight cancelled "}
        ).action_confirm()
        entry = redemption.correction_ids
        self.assertRecordValues(
            entry,
            [
                {
                    "partner_id": self.partner.id,
                    "entitlement_id": redemption.entitlement_id.id,
                    "tier_id": self.gold.id,
                    "quantity": -1,
                    "unit_value": 80,
                    "value": -80,
                    "date": date(2026, 3, 10),
                    "note": "Flight cancelled",
                    "state": "delivered",
                    "requested_by": self.users["lead"].id,
                }
            ],
        )
        self._has("BOARDING", 6, 1, 5)
        self._correct(redemption, 1)
        self._has("BOARDING", 6, 0, 6)
        self.assertEqual((redemption | redemption.correction_ids).mapped("value"), [160, -80, -80])
        with self.assertRaisesRegex(UserError, "0 can be returned, not 1"):
            self._correct(redemption, 1)

    def test_more_than_given(self):
        redemption = self._deliver(self._redeem("BOARDING", 2))
        self._redeem("BOARDING", 3)
        with self.assertRaisesRegex(UserError, "2 can be returned, not 3"):
            self._correct(redemption, 3)
        self._correct(redemption, 1)
        with self.assertRaisesRegex(UserError, "1 can be returned, not 2"):
            self._correct(redemption, 2)
        self._has("BOARDING", 6, 4, 2)

    def test_counter_entry_of_a_counter_entry(self):
        redemption = self._deliver(self._redeem("BOARDING", 2))
        entry = self.Redemption.browse(self._correct(redemption, 1))
        with self.assertRaisesRegex(UserError, "0 can be returned, not 1"):
            self._correct(entry, 1)
        with self.assertRaisesRegex(UserError, "is delivered and cannot be cancelled"):
            entry.with_user(self.users["desk"]).action_cancel()

    def test_only_delivered_is_corrected(self):
        redemption = self._redeem("BOARDING")
        with self.assertRaisesRegex(UserError, "is Approved, so this cannot be done"):
            self._correct(redemption, 1)

    def test_counter_entry_refusals(self):
        redemption = self._deliver(self._redeem("BOARDING", 2))
        for quantity in (0, -1, 1.0, True, "1", None):
            with self.assertRaisesRegex(UserError, "is no quantity. Give a whole number"):
                self._correct(redemption, quantity)
        for reason in ("", "  ", False, 7):
            with self.assertRaisesRegex(UserError, "A correction needs a reason"):
                self._correct(redemption, 1, reason)
        for user in ("desk", "manager_a"):
            with self.assertRaisesRegex(AccessError, "Only a lead or a manager .* may correct"):
                self._correct(redemption, 1, user=user)

    def test_counter_entry_in_the_next_year(self):
        """It returns to the year it came from, at the value it had."""
        redemption = self._deliver(self._redeem("BOARDING"))
        self._promise(self.gold, "BOARDING").unit_value = 90
        with freeze_time("2027-02-05 02:00:00"):
            entry = self.Redemption.browse(self._correct(redemption, 1))
        self.assertEqual((str(entry.date), entry.value), ("2027-02-05", -80))
        self._has("BOARDING", 6, 0, 6)

    def _correct(self, redemption, quantity, reason="Not delivered after all", user="lead"):
        return redemption.with_user(self.users[user]).correct(quantity, reason)
