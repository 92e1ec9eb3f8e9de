"""Every public method of the addon, as every role, through the ORM and over the wire; every guarded
field through every door that writes."""

from contextlib import suppress

from odoo.exceptions import AccessError, MissingError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .doors_checks import (
    ANY_NUMBER,
    APPROVERS,
    AT_THE_DESK,
    INSIDE,
    LEADS,
    LOOKUP,
    MANAGERS,
    OF_COMPANY,
    READERS,
    WHOLE_BOOK,
    WRITERS,
    Door,
    DoorsChecks,
    WireChecks,
)
from .doors_common import ROLES

DOORS = [
    Door("res.partner", "vip_explain_tier", LOOKUP),
    Door("res.partner", "vip_entitlements", LOOKUP),
    Door("res.partner", "vip_redeem", AT_THE_DESK, args={"benefit_code": "benefit code"}),
    Door("res.partner", "action_vip_redeem", LOOKUP),
    Door("res.partner", "action_vip_membership", INSIDE),
    Door("res.partner", "vip_lookup", ANY_NUMBER, args={"number": "number"}, on_model=True),
    Door("res.partner", "vip_panel", ANY_NUMBER, args={"number": "number"}, on_model=True),
    Door("res.partner", "vip_card", LOOKUP),
    Door("res.partner", "action_vip_log_call", LOOKUP),
    Door("res.partner", "action_vip_join", {"lead": "++!", "boss": "++!"}),
    Door("vip.membership", "action_view_numbers", READERS),
    Door("vip.membership", "action_view_bills", READERS),
    Door("vip.membership", "action_view_partner", READERS),
    Door("vip.membership", "action_request_override", READERS),
    Door("vip.membership", "action_assign", READERS),
    Door("vip.membership", "action_view_assignments", READERS),
    Door("vip.membership", "action_propose_managers", LEADS),
    Door("vip.membership", "action_redeem", READERS),
    Door("vip.membership", "action_goodwill", READERS),
    Door("vip.membership", "action_view_redemptions", READERS),
    Door("vip.membership", "action_view_entitlements", READERS),
    Door("vip.membership", "assign", LEADS, args={"manager_id": "manager", "team_id": "team"}),
    Door("vip.entitlement", "action_goodwill", READERS),
    Door("vip.entitlement", "action_grant", {"boss": "+++"}, on_model=True),
    Door("vip.redemption", "action_approve", LEADS),
    Door("vip.redemption", "action_issue", AT_THE_DESK, record="approved redemption"),
    Door("vip.redemption", "action_deliver", AT_THE_DESK, record="issued redemption"),
    Door("vip.redemption", "action_cancel", AT_THE_DESK),
    Door("vip.redemption", "action_correct", LOOKUP, record="delivered redemption"),
    Door(
        "vip.redemption",
        "correct",
        LEADS,
        record="delivered redemption",
        args={"quantity": "quantity", "reason": "reason"},
    ),
    Door(
        "vip.my.day",
        "load_day",
        dict.fromkeys(("manager_a", "lead", "boss"), "+++"),
        on_model=True,
    ),
    Door("vip.membership", "action_view_touches", READERS),
    Door("vip.membership", "action_view_interactions", READERS),
    Door("vip.membership", "action_log_contact", READERS),
    Door("vip.care.touch", "action_done", READERS),
    Door("vip.care.touch", "action_postpone", READERS),
    Door("vip.care.touch", "action_view_customer", READERS),
    Door("vip.care.coverage", "action_view_touch", READERS),
    Door("vip.care.touch", "postpone", WRITERS, args={"day": "day", "reason": "reason"}),
    Door(
        "vip.care.touch.done",
        "action_confirm",
        WRITERS,
        wizard={"touch_id": "vip.care.touch", "result_id": "result"},
    ),
    Door(
        "vip.care.touch.postpone",
        "action_confirm",
        WRITERS,
        wizard={"touch_id": "vip.care.touch", "day": "day", "reason": "reason"},
    ),
    Door("vip.service.number", "action_change_owner", READERS),
    Door(
        "vip.service.number", "change_owner", WRITERS, args={"partner_id": "partner", "day": "day"}
    ),
    Door("vip.billing.month", "action_mark_complete", MANAGERS),
    Door("vip.billing.month", "action_view_bills", OF_COMPANY),
    Door("vip.tier", "action_view_members", INSIDE, record="tier"),
    Door("vip.tier.policy", "action_open", MANAGERS, record="draft policy"),
    Door("vip.tier.policy", "action_close", MANAGERS),
    Door("vip.tier.policy", "action_fill_preset", MANAGERS, record="blank policy"),
    Door("vip.tier.policy", "action_view_runs", OF_COMPANY),
    Door("vip.tier.policy", "action_new_run", OF_COMPANY),
    Door("vip.tier.run", "action_compute", MANAGERS),
    Door("vip.tier.run", "action_approve", APPROVERS),
    Door("vip.tier.run", "action_apply", MANAGERS, record="approved run"),
    Door("vip.tier.run", "action_cancel", MANAGERS),
    Door("vip.tier.run", "action_view_lines", WHOLE_BOOK),
    Door("vip.tier.run", "action_view_costs", WHOLE_BOOK),
    Door("vip.tier.run", "action_compare", WHOLE_BOOK, record="two runs"),
    Door("vip.tier.run.line", "action_decide", WHOLE_BOOK),
    Door("vip.tier.run.line", "action_withdraw_decision", MANAGERS),
    Door("vip.import", "action_check", {"importer": "+--", "boss": "++-"}),
    Door("vip.import", "action_run", {"importer": "+--", "boss": "++-"}),
    Door("vip.outgoing.file", "action_build", MANAGERS),
    Door("vip.tier.override", "action_approve", APPROVERS),
    Door("vip.tier.override", "action_refuse", APPROVERS),
    Door("vip.tier.override", "action_withdraw", LEADS, record="approved override"),
    Door(
        "vip.manager.assign",
        "action_confirm",
        LEADS,
        wizard={"membership_ids": "vip.membership", "manager_id": "manager", "team_id": "team"},
    ),
    *(
        Door(
            "vip.handover",
            method,
            LEADS,
            wizard={"membership_ids": "vip.membership", "manager_id": "manager"},
        )
        for method in ("action_confirm", "action_print_briefs")
    ),
    Door(
        "vip.number.owner",
        "action_confirm",
        WRITERS,
        wizard={"number_id": "vip.service.number", "partner_id": "partner", "day": "day"},
    ),
    *(
        Door(
            "vip.redeem",
            method,
            AT_THE_DESK,
            wizard={"partner_id": "res.partner", "benefit_id": "benefit"},
        )
        for method in ("action_redeem", "action_hand_over")
    ),
    Door(
        "vip.goodwill.grant",
        "action_confirm",
        LEADS,
        wizard={"partner_id": "res.partner", "benefit_id": "benefit", "reason": "reason"},
    ),
    Door(
        "vip.redemption.correct",
        "action_confirm",
        LEADS,
        wizard={"redemption_id": "delivered redemption", "reason": "reason"},
    ),
    Door(
        "vip.log.call",
        "action_confirm",
        AT_THE_DESK,
        wizard={"partner_id": "res.partner"},
    ),
    Door("vip.membership", "action_view_invitations", READERS),
    Door("vip.event.invitation", "answer", WRITERS, args={"answer": "answer"}),
    *(
        Door("vip.event.invitation", method, WRITERS)
        for method in ("action_accept", "action_decline", "action_send_again")
    ),
    *(
        Door("vip.event.invitation", method, AT_THE_DESK, record="guest of today")
        for method in ("action_check_in", "action_check_in_alone", "action_no_show")
    ),
    *(
        Door("vip.event.invitation", method, AT_THE_DESK, record="guest inside")
        for method in ("action_came_more", "action_came_less", "action_undo_check_in")
    ),
    Door(
        "vip.event.answer",
        "action_confirm",
        WRITERS,
        wizard={"invitation_id": "vip.event.invitation"},
    ),
    *(
        Door(
            "vip.event.invite",
            method,
            {"lead": outcomes, "boss": outcomes},
            wizard={"event_id": "event.event"},
        )
        for method, outcomes in (
            ("action_preview", "++-"),
            ("action_back", "++-"),
            ("action_invite", "!!-"),  # nobody is chosen
        )
    ),
    Door("res.partner", "action_vip_request", AT_THE_DESK),
    Door("res.partner", "action_vip_requests", LOOKUP),
    Door("vip.membership", "action_view_requests", READERS),
    Door("vip.membership", "action_new_request", WRITERS),
    *(
        Door("vip.service.request", method, AT_THE_DESK)
        for method in (
            "action_take",
            "action_respond",
            "action_pause",
            "action_answer",
            "action_close",
            "action_cancel",
        )
    ),
    Door("vip.service.request", "pause", AT_THE_DESK, args={"reason": "pause reason"}),
    Door("vip.service.request", "action_resume", AT_THE_DESK, record="paused request"),
    Door("vip.service.request", "action_reopen", AT_THE_DESK, record="closed request"),
    Door("vip.service.request", "action_view_customer", LOOKUP),
    Door("vip.service.request", "action_view_repeated", LOOKUP, record="repeated request"),
    Door(
        "vip.service.hold",
        "action_confirm",
        AT_THE_DESK,
        wizard={"request_id": "vip.service.request"},
    ),
    Door(
        "vip.service.close",
        "action_confirm",
        AT_THE_DESK,
        wizard={"request_id": "vip.service.request"},
    ),
    Door(
        "vip.tier.run.decide",
        "action_confirm",
        MANAGERS,
        wizard={"line_ids": "vip.tier.run.line", "tier_id": "tier", "reason": "reason"},
    ),
]
PRIVATE_METHODS = [
    ("vip.tier.history", "init"),
    ("vip.tier.history", "_post"),
    ("vip.tier.history", "_drop_protection"),
    ("vip.membership", "_ensure"),
    ("vip.membership", "_assign"),
    ("vip.manager.assignment", "_post"),
    ("vip.manager.assignment", "_project"),
    ("vip.manager.deputy", "_managers_of"),
    ("vip.tier.override", "_take_back"),
    ("vip.tier.run", "_apply"),
    ("vip.tier.run.line", "_decide"),
    ("res.partner", "_vip_redeem"),
    ("vip.redemption", "init"),
    ("vip.redemption", "_redeem"),
    ("vip.redemption", "_advance"),
    ("vip.redemption", "_drop_protection"),
    ("vip.entitlement", "_use"),
    ("vip.entitlement", "_grant"),
    ("vip.entitlement", "_give_goodwill"),
    ("vip.goodwill", "init"),
    ("vip.goodwill", "_drop_protection"),
    ("vip.vas.use", "_shown"),
    ("vip.vas.use", "_taken_up"),
]


@tagged("post_install", "-at_install", "vip_security")
class TestDoors(DoorsChecks):
    doors = DOORS

    # ------------------------------------------------------------
    # what methods tell
    # ------------------------------------------------------------

    def test_desk_is_told_no_money(self):
        partner = self.book["own"]["res.partner"]
        told = self._as("desk", partner).vip_explain_tier()
        self.assertEqual(told["tier"], "silver")
        self.assertEqual(told["earned"], "silver")
        for word in ("7800", "7,800", "650", "8000", "8,000"):
            self.assertNotIn(word, str(told))
        self.assertIn("650", str(self._as("manager_a", partner).vip_explain_tier()))
        far = self.book["far"]["res.partner"]
        self.assertNotIn("650", str(self._as("manager_a", far).vip_explain_tier()))

    def test_explanation_of_a_contact_outside(self):
        with self.assertRaisesRegex(UserError, "not in the VIP programme"):
            self._as("desk", self.other).vip_explain_tier()

    def test_explanation_of_a_customer_of_another_company(self):
        with self.assertRaisesRegex(AccessError, "a company you have no access to"):
            self._as("boss", self.book["rival"]["res.partner"]).vip_explain_tier()

    def test_explanation_without_a_role(self):
        with self.assertRaisesRegex(AccessError, "needs a role in the VIP programme"):
            self._as("importer", self.book["own"]["res.partner"]).vip_explain_tier()

    def test_who_may_not_redeem_is_told_of_no_codes(self):
        partner = self.book["own"]["res.partner"]
        for role in ("portal", "employee", "auditor", "importer"):
            for code in ("NOPE", "LOUNGE", "\ud800"):
                with self.subTest(role=role, code=code), self.assertRaises(AccessError):
                    self._as(role, partner).vip_redeem(code)
        for code in ("NOPE", "\0", "\ud800"):
            with (
                self.subTest(code=code),
                self.assertRaisesRegex(UserError, "no benefit with the code"),
            ):
                self._as("desk", partner).vip_redeem(code)
        with self.assertRaisesRegex(UserError, "standing right"):
            self._as("desk", partner).vip_redeem("HOTLINE")

    def test_unknown_customer(self):
        with self.assertRaises(MissingError):
            self._as("desk", self.env["res.partner"].browse(2**31 - 1)).vip_explain_tier()

    def test_assignment_needs_the_role(self):
        member = self._as("boss", self.book["own"]["vip.membership"])
        for role in ("portal", "desk"):
            with self.subTest(role), self.assertRaisesRegex(UserError, "no account manager of"):
                member.assign(self.users[role].id, False)

    def test_assignment_needs_an_internal_user_of_the_company(self):
        member = self._as("boss", self.book["own"]["vip.membership"])
        with self.assertRaisesRegex(UserError, "not an internal user"):
            member.assign(self.users["rival_a"].id, False)

    def test_assignment_needs_a_branch_of_the_company(self):
        branch = self.env["crm.team"].create(
            {"name": "Theirs", "company_id": self.rival_company.id}
        )
        member = self._as("boss", self.book["own"]["vip.membership"])
        with self.assertRaises(AccessError):
            member.assign(False, branch.id)
        self.users["boss"].company_ids |= self.rival_company
        member = self._as("boss", self.book["own"]["vip.membership"])
        with self.assertRaisesRegex(UserError, "does not belong to"):
            member.assign(False, branch.id)

    def test_dialog_on_a_number_out_of_reach(self):
        """The dialog tells a number and its owner, so it opens on one's own numbers only."""
        for reach in ("far", "rival"):
            number = self.book[reach]["vip.service.number"]
            dialogs = self._as("manager_a", self.env["vip.number.owner"])
            with self.subTest(reach=reach, door="create"), self.assertRaises(AccessError):
                dialogs.create({"number_id": number.id, "partner_id": self.other.id})
            dialogs = self._as("manager_a", self.env["vip.number.owner"])
            with self.subTest(reach=reach, door="onchange"), self.assertRaises(AccessError):
                dialogs.onchange(
                    {"number_id": number.id},
                    ["number_id"],
                    {"current_partner_id": {"fields": {"display_name": {}}}},
                )

    def test_editor_of_a_request_becomes_its_requester(self):
        override = self._as("manager_a", self.env["vip.tier.override"]).create(
            {
                "partner_id": self.book["own"]["res.partner"].id,
                "tier_id": self.silver.id,
                "date_to": "2026-12-31",
                "reason": "Promised",
            }
        )
        as_approver = self._as("approver", override)
        as_approver.tier_id = self.diamond
        with self.assertRaisesRegex(UserError, "requested the override .* yourself"):
            as_approver.action_approve()

    def test_evidence_of_a_run_is_fixed(self):
        run = self._as("boss", self.book["own"]["approved run"])
        for values in ({"accept_incomplete": True}, {"name": "Another"}, {"as_of": "2026-03-05"}):
            with self.subTest(values=values), self.assertRaises(UserError):
                run.write(values)

    # ------------------------------------------------------------
    # guarded fields
    # ------------------------------------------------------------

    def test_guarded_fields_ignore_a_users_own_defaults(self):
        """``ir.default`` is open to every user; also what an action creates for him ignores it."""
        approver = self.users["approver"]
        Default = self.env["ir.default"].with_user(approver)
        for name, value in (
            ("state", "approved"),
            ("approved_by", approver.id),
            ("requested_by", self.users["manager_a"].id),
        ):
            Default.set("vip.tier.override", name, value, user_id=True)
        override = self._as("approver", self.env["vip.tier.override"]).create(
            {
                "partner_id": self.book["own"]["res.partner"].id,
                "tier_id": self.gold.id,
                "date_to": "2026-12-31",
                "reason": "Promised",
            }
        )
        self.assertRecordValues(
            override, [{"state": "requested", "approved_by": False, "requested_by": approver.id}]
        )
        Default.set("vip.service.number", "date_to", "2026-03-10", user_id=True)
        Default.set("vip.service.number", "company_id", self.rival_company.id, user_id=True)
        number = self._as("approver", self.book["own"]["vip.service.number"])
        successor = number.browse(number.change_owner(self.other.id, "2026-03-10"))
        self.assertRecordValues(successor, [{"date_to": False, "company_id": self.company.id}])

    def test_commands_through_a_parent(self):
        """x2many commands meet the rights and the guard of the records they touch."""
        own, far = self.book["own"], self.book["far"]
        member, partner, policy = own["vip.membership"], own["res.partner"], own["draft policy"]
        run, line = own["vip.tier.run"], own["vip.tier.run.line"]
        number = far["vip.service.number"]
        attempts = [
            (
                "manager_a",
                member,
                "number_ids",
                [(1, number.id, {"plan": "Hacked"})],
                number,
                "plan",
            ),
            ("manager_a", member, "number_ids", [(2, number.id)], number, "plan"),
            ("manager_a", member, "number_ids", [(4, number.id)], number, "partner_id"),
            (
                "boss",
                member,
                "number_ids",
                [(0, 0, {"number": "400", "date_to": "2026-01-01"})],
                partner,
                "vip_number_ids",
            ),
            (
                "boss",
                partner,
                "vip_number_ids",
                [(0, 0, {"number": "400"})],
                partner,
                "vip_number_ids",
            ),
            (
                "boss",
                partner,
                "vip_number_ids",
                [(2, own["vip.service.number"].id)],
                partner,
                "vip_number_ids",
            ),
            ("boss", run, "line_ids", [(2, line.id)], run, "line_ids"),
            (
                "boss",
                run,
                "line_ids",
                [(1, line.id, {"new_tier_id": self.diamond.id})],
                line,
                "new_tier_id",
            ),
            ("boss", policy, "run_ids", [(1, run.id, {"state": "applied"})], run, "state"),
            (
                "boss",
                policy,
                "run_ids",
                [(0, 0, {"as_of": "2028-03-01", "state": "applied"})],
                policy,
                "run_ids",
            ),
            (
                "boss",
                policy,
                "rule_ids",
                [(1, policy.rule_ids[0].id, {"tier_rank": 1})],
                policy.rule_ids[0],
                "tier_rank",
            ),
            (
                "boss",
                policy,
                "rule_ids",
                [(1, own["vip.tier.rule"].id, {"min_score": 1})],
                own["vip.tier.rule"],
                "min_score",
            ),
            (
                "boss",
                policy,
                "band_ids",
                [(1, policy.band_ids[0].id, {"company_id": 1})],
                policy.band_ids[0],
                "company_id",
            ),
        ]
        for role, parent, name, commands, record, kept in attempts:
            before = record.sudo().read([kept], load=None)
            with self.subTest(role=role, parent=parent._name, commands=commands):
                # refused, or without effect
                with suppress(UserError), self.env.cr.savepoint():
                    self._as(role, parent).write({name: commands})
                    self.env.flush_all()
                self.env.invalidate_all()
                self.assertTrue(record.exists())
                self.assertEqual(record.sudo().read([kept], load=None), before)

    def test_nothing_of_a_run_is_made_by_hand(self):
        line = {
            "run_id": self.book["own"]["vip.tier.run"].id,
            "company_id": self.company.id,
            "membership_id": self.book["own"]["vip.membership"].id,
            "partner_id": self.book["own"]["res.partner"].id,
        }
        existing = self.book["own"]["vip.tier.run.line"]
        for role in ROLES:
            with self.subTest(role=role, door="create"), self.assertRaises(AccessError):
                self._as(role, existing.browse()).create(line)
            with self.subTest(role=role, door="write"), self.assertRaises(AccessError):
                self._as(role, existing).write({"new_tier_id": self.diamond.id})
            with self.subTest(role=role, door="unlink"), self.assertRaises(AccessError):
                self._as(role, existing).unlink()

    def test_memberships_are_made_by_the_programme(self):
        for role in ROLES:
            with self.subTest(role=role), self.assertRaises(AccessError):
                self._as(role, self.env["vip.membership"]).create({"partner_id": self.other.id})


@tagged("post_install", "-at_install", "vip_security")
class TestDoorsWire(WireChecks):
    doors = DOORS
    private_methods = PRIVATE_METHODS

    def test_without_a_key(self):
        body = {"ids": self.book["own"]["res.partner"].ids}
        for headers in ({}, {"Authorization": "Bearer nonsense"}):
            with mute_logger("odoo.http"):
                response = self.url_open(
                    "/json/2/res.partner/vip_explain_tier", json=body, headers=headers
                )
            self.assertEqual(response.status_code, 401)

    @mute_logger("odoo.http", "odoo.addons.base.models.ir_rule", "odoo.sql_db")
    def test_bad_arguments(self):
        member = self.book["own"]["vip.membership"].ids
        number = self.book["own"]["vip.service.number"].ids
        good_manager, good_team = self.arguments["manager"], self.arguments["team"]
        assign, change = ("vip.membership", "assign"), ("vip.service.number", "change_owner")
        calls = []
        for value, status in (
            ("abc", 422),
            (-1, 422),
            (10**12, 422),
            ([1], 422),
            ({"a": 1}, 422),
            (2**31 - 1, 404),
            (1.5, 422),
            (True, 422),
        ):
            calls += [
                (*assign, {"ids": member, "manager_id": value, "team_id": good_team}, status),
                (*assign, {"ids": member, "manager_id": good_manager, "team_id": value}, status),
                (*change, {"ids": number, "partner_id": value, "day": "2026-03-10"}, status),
            ]
        calls += [
            (*change, {"ids": number, "partner_id": self.other.id, "day": day}, 422)
            for day in (
                "soon",
                "2026-02-30",
                "",
                None,
                False,
                5,
                [2026],
                {"y": 1},
                "2026-03-11",
                "2020-01-01",
            )
        ]
        calls.append((*change, {"ids": number, "partner_id": False, "day": "2026-03-10"}, 422))
        calls += self._bad_redemptions()
        for model, method, body, status in calls:
            response = self._undone(
                lambda args=(model, method, body): self._json2("approver", *args)
            )
            with self.subTest(method=method, body=body):
                self.assertEqual(response.status_code, status, response.text[:500])

    def _bad_redemptions(self):
        partner = self.book["own"]["res.partner"].ids
        delivered = self.book["own"]["delivered redemption"].ids
        redeem, correct = ("res.partner", "vip_redeem"), ("vip.redemption", "correct")
        for quantity in (0, -1, 1.5, "1", True, None, False, [1], 10**12, -(10**12)):
            body = {"ids": partner, "benefit_code": "TEST_LOUNGE", "quantity": quantity}
            yield (*redeem, body, 422)
            yield (*correct, {"ids": delivered, "quantity": quantity, "reason": "Wrong"}, 422)
        yield (*correct, {"ids": delivered, "quantity": 2, "reason": "Wrong"}, 422)
        for reason in ("", " ", None, False, 5, ["a"]):
            yield (*correct, {"ids": delivered, "quantity": 1, "reason": reason}, 422)
        for code in ("NOTHING", "", None, False, 5, ["TEST_LOUNGE"], {"a": 1}, "\0"):
            yield (*redeem, {"ids": partner, "benefit_code": code}, 422)
        for origin in (5, True, ["a"], {"a": 1}, "x" * 65, "a\0"):
            body = {"ids": partner, "benefit_code": "TEST_LOUNGE", "origin": origin}
            yield (*redeem, body, 422)
