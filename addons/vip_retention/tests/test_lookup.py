from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import format_date

from odoo.addons.vip_customer.tests.service_common import at

from .case_common import FIRST, SECOND, RetentionCase

# what an agent may do for a customer on the line
LEAVES = ["action_vip_leave", "action_vip_note_signal"]


@tagged("post_install", "-at_install", "vip_retention")
class TestLookup(RetentionCase):
    """That a customer wants to leave is seen wherever he is looked at."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.day = format_date(cls.env, date(2026, 3, 30))

    def _panel(self, user="desk"):
        return self.env["res.partner"].with_user(self.users[user]).vip_panel(FIRST)

    def _methods(self, panel):
        return [action["method"] for action in panel["actions"]]

    # ------------------------------------------------------------
    # the card
    # ------------------------------------------------------------

    def test_nobody_wants_to_leave(self):
        panel = self._panel()
        self.assertEqual(panel["card"]["cases"], 0)
        self.assertEqual(self._methods(panel), LEAVES)

    def test_asked_to_leave(self):
        self._leaves()
        panel = self._panel()
        self.assertEqual(panel["card"]["cases"], 1)
        self.assertEqual(panel["card"]["warnings"][0], f"Asked to close a number on {self.day}.")
        self.assertEqual(self._methods(panel), ["action_vip_case", *LEAVES])

    def test_no_day_named(self):
        self._leaves(effective_on=False)
        self.assertEqual(
            self._panel()["card"]["warnings"][0],
            "Asked to close a number, without naming a day.",
        )

    def test_asked_for_a_suspension(self):
        """He keeps his number, and nobody says that he leaves with it."""
        self._leaves(kind="suspension")
        warning = self._panel()["card"]["warnings"][0]
        self.assertEqual(warning, f"Asked to suspend a number from {self.day}.")
        self._leaves(self.plain, kind="suspension", effective_on=False, requested_on=False)
        said = self.plain.vip_membership_id.leaving
        self.assertIn("Asked to suspend a number, without naming a day.", said)

    def test_suspends_one_and_leaves_with_another(self):
        """What is worse is said first: the number that closes."""
        second = self._number(self.partner, SECOND)
        self._leaves(kind="suspension", number_id=second.id, effective_on="2026-03-12")
        self._leaves(number_id=self.first.id)
        with at("2026-03-13 10:00"):
            self.Departure._take_effect_due(self.company)
            warning = self._panel()["card"]["warnings"][0]
        self.assertEqual(warning, f"Asked to close a number on {self.day}.")

    def test_at_risk_alone(self):
        """Who asked for nothing is not said to leave."""
        case = self.Case.create({"partner_id": self.partner.id, "source": "risk"})
        card = self._panel()["card"]
        self.assertEqual(card["cases"], 1)
        self.assertFalse([text for text in card["warnings"] if "number" in text])
        member = self.partner.vip_membership_id
        self.assertEqual(
            member.leaving,
            f"At risk of leaving. {case.name} is with {self.users['manager_a'].name}.",
        )

    def test_finally_refused(self):
        self._leaves().action_refuse()
        panel = self._panel()
        self.assertEqual(panel["card"]["cases"], 0)
        self.assertEqual(
            panel["card"]["warnings"][0],
            "Has decided to leave: no offers any more, only help to settle what is left.",
        )
        self.assertEqual(self._methods(panel), LEAVES)

    def test_who_may_not_act_is_given_no_buttons(self):
        self._leaves()
        self.assertEqual(self._panel("auditor")["actions"], [])

    def test_in_watch_nothing_is_warned_of(self):
        self._in_watch()
        card = self._panel()["card"]
        self.assertEqual(card["cases"], 1)
        self.assertFalse([text for text in card["warnings"] if "close a number" in text])

    # ------------------------------------------------------------
    # from the customer to his case
    # ------------------------------------------------------------

    def test_to_the_case(self):
        case = self._leaves()
        self.assertEqual(self._as("desk", self.partner).action_vip_case()["res_id"], case.id)

    def test_there_is_no_case(self):
        with self.assertRaisesRegex(UserError, "“Wang” has no open retention case any more."):
            self._as("desk", self.partner).action_vip_case()

    def test_the_auditor_opens_no_talk(self):
        with self.assertRaisesRegex(AccessError, "a role at the desk"):
            self._as("auditor", self.partner).action_vip_leave()

    def test_the_hotline_notes_a_warning_sign(self):
        """In two clicks: he asked about porting, today."""
        self.partner.vip_membership_id.tier_id = self.gold
        action = self._as("desk", self.partner).action_vip_note_signal()
        signals = self.env[action["res_model"]].with_user(self.users["desk"])
        signal = Form(signals.with_context(**action["context"])).save()
        self.assertEqual(
            (signal.partner_id, signal.type_id.code, str(signal.date)),
            (self.partner, "port_query", "2026-03-10"),
        )

    def test_the_auditor_notes_no_warning_sign(self):
        with self.assertRaisesRegex(AccessError, "a role at the desk"):
            self._as("auditor", self.partner).action_vip_note_signal()

    def test_the_customers_page(self):
        member = self._as("manager_a", self.partner.vip_membership_id)
        self.assertFalse(member.leaving)
        case = self._leaves()
        self.env.invalidate_all()
        self.assertEqual(
            member.leaving,
            f"Asked to leave on {self.day}. {case.name} is with {self.users['desk'].name}.",
        )
        self.assertEqual((member.case_count, member.open_case_id.id), (1, case.id))
        self.assertEqual(member.action_open_case()["res_id"], case.id)
        found = member.search([("asked_to_leave", "=", True)])
        self.assertEqual(found, member)
        self.assertEqual(member.action_leave()["context"]["default_partner_id"], self.partner.id)
        self.assertEqual(member.action_view_cases()["res_model"], "vip.retention.case")
        case.action_refuse()
        self.env.invalidate_all()
        self.assertFalse(member.leaving)
        self.assertFalse(member.search([("asked_to_leave", "=", True)]))

    def test_the_page_says_what_he_asked_for(self):
        """By its kind and day, and who works on it."""
        member = self._as("manager_a", self.partner.vip_membership_id)
        desk = self.users["desk"].name
        for values, said in (
            ({"effective_on": False}, "Asked to leave, day unknown."),
            ({"kind": "suspension"}, f"Asked to suspend a number from {self.day}."),
        ):
            with self.subTest(said=said):
                case = self._leaves(**values)
                self.env.invalidate_all()
                self.assertEqual(member.leaving, f"{said} {case.name} is with {desk}.")
                case.action_withdraw()
        case = self._leaves()
        case.sudo().user_id = False
        self.env.invalidate_all()
        self.assertEqual(
            member.leaving, f"Asked to leave on {self.day}. Nobody works on {case.name} yet."
        )

    # ------------------------------------------------------------
    # My day
    # ------------------------------------------------------------

    def _block(self, user, key, scope=None):
        day = self.env["vip.my.day"].with_user(self.users[user]).load_day(scope)
        return next((block for block in day["blocks"] if block["key"] == key), None)

    def test_my_day_shows_who_wants_to_leave(self):
        case = self._leaves()
        [row] = self._block("manager_a", "leaving", "mine")["rows"]
        self.assertEqual((row["id"], row["customer"], row["manager"]), (case.id, "Wang", ""))
        self.assertIn(f"{case.name} · New · due", row["text"])
        self.assertIn(f"leaves on {self.day}", row["text"])
        self.assertEqual(self._block("manager_b", "leaving", "mine")["count"], 0)
        self.assertEqual(self._block("lead", "leaving", "branch")["count"], 1)

    def test_my_day_says_suspension(self):
        self._leaves(kind="suspension")
        [row] = self._block("manager_a", "leaving", "mine")["rows"]
        self.assertIn(f"suspension from {self.day}", row["text"])
        self.assertNotIn("leaves on", row["text"])

    def test_my_day_says_what_is_overdue(self):
        case = self._leaves()
        case.sudo().deadline = "2026-03-10 01:00:00"
        [row] = self._block("manager_a", "leaving", "mine")["rows"]
        self.assertTrue(row["is_late"])
        self.assertIn("overdue since", row["text"])

    def test_leads_approve_from_their_day(self):
        case = self._proposed("credit_l")
        [row] = self._block("lead", "approvals", "branch")["rows"]
        self.assertEqual(row["id"], case.proposal_ids.id)
        self.assertEqual(
            [button["method"] for button in row["buttons"]], ["action_approve", "action_reject"]
        )
        self.assertIsNone(self._block("manager_a", "approvals"))
        self.env["vip.retention.proposal"].with_user(self.users["lead"]).browse(
            row["id"]
        ).action_approve()
        self.assertEqual(self._block("lead", "approvals", "branch")["count"], 0)

    def test_what_managers_approve_is_no_matter_of_leads(self):
        self._proposed("handset", "o_device")
        self.assertEqual(self._block("lead", "approvals", "branch")["count"], 0)
        self.assertEqual(self._block("boss", "approvals", "branch")["count"], 1)
