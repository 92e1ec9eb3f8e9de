"""Every public method of the addon, as every role, through the ORM and over the wire; every guarded
field through every door that writes."""

import xmlrpc.client
from contextlib import suppress
from datetime import date
from typing import NamedTuple
from unittest.mock import patch

from odoo.exceptions import AccessError, MissingError, UserError
from odoo.service.model import get_public_method
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.rpc.controllers.xmlrpc import OdooMarshaller

from .doors_common import REACHES, ROLES, SAME_AS, DoorsCase

# What happens with an own, a far and another company's record: + works, - AccessError, ! UserError.
# Who is not named is refused with all of them, unless he has what another role has (``SAME_AS``).
INSIDE = dict.fromkeys(set(ROLES) - {"portal"}, "+++")
READERS = {"manager_a": "+--", "lead": "+--", "boss": "++-", "auditor": "++-"}
WRITERS = {"manager_a": "+--", "lead": "+--", "boss": "++-"}
LEADS = {"lead": "+--", "boss": "++-"}
WHOLE_BOOK = {"boss": "++-", "auditor": "++-"}
OF_COMPANY = {"manager_a": "++-", "lead": "++-", "boss": "++-", "auditor": "++-"}
MANAGERS = {"boss": "++-"}
APPROVERS = {"boss": "---", "approver": "++-"}
LOOKUP = dict.fromkeys(("desk", "manager_a", "lead", "boss", "auditor"), "++-")
AT_THE_DESK = dict.fromkeys(("desk", "manager_a", "lead", "boss"), "++-")
ANY_NUMBER = dict.fromkeys(LOOKUP, "+++")


class Door(NamedTuple):
    model: str
    method: str
    outcomes: dict
    record: str = ""  # key of the book, the model where empty
    args: dict = {}  # name -> value, or key of ``_arguments``
    wizard: dict = {}  # values of the dialog, created by the caller
    on_model: bool = False  # called without records

    def outcome(self, role, reach):
        found = self.outcomes.get(role)
        if found is None:
            found = self.outcomes.get(SAME_AS.get(role), "---")
        return found[REACHES.index(reach)]


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
# Methods of Odoo that the addon extends: what they may do is in ``test_security_roles``.
EXTENDED = {
    "create",
    "write",
    "unlink",
    "default_get",
    "copy_data",
    "action_archive",
    "mail_allowed_qweb_expressions",
}
MAGIC = {"create_uid", "create_date", "write_uid", "write_date", "id", "display_name"}


class DoorsTable(DoorsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.env["res.partner"].create({"name": "Another"})
        for reach, company in zip(
            REACHES, (cls.company, cls.company, cls.rival_company), strict=True
        ):
            book = cls.book[reach]
            with cls._in_company(company):
                years = {"date_from": "2028-02-01", "date_to": "2029-01-31"}
                blank = {"rule_ids": [], "band_ids": []}
                run = cls.env["vip.tier.run"].create(
                    {"policy_id": book["vip.tier.policy"].id, "as_of": "2026-03-02"}
                )
                run._compute_lines()
                run.state = "approved"
                override = cls.env["vip.tier.override"].create(
                    {
                        "partner_id": book["res.partner"].id,
                        "tier_id": cls.gold.id,
                        "date_from": "2027-01-01",
                        "date_to": "2027-01-31",
                        "reason": "Promised",
                    }
                )
                override.state = "approved"
                book |= {
                    "tier": cls.gold,
                    "draft policy": cls._create_policy(in_force=False, **years),
                    "blank policy": cls._create_policy(in_force=False, **years, **blank),
                    "approved run": run,
                    "two runs": book["vip.tier.run"] | run,
                    "approved override": override,
                }
        cls.arguments = {
            "manager": cls.users["manager_b"].id,
            "team": cls.city.id,
            "partner": cls.other.id,
            "day": "2026-03-10",
            "tier": cls.gold.id,
            "reason": "Promised",
            "answer": "accept",
            "pause reason": "documents",
            "benefit": cls.lounge.id,
            "benefit code": cls.lounge.code,
            "quantity": 1,
            "number": "13800000001",
            "result": cls.env.ref("vip_customer.interaction_result_reached").id,
        }
        cls.env.flush_all()

    def _record(self, door, reach):
        return (
            self.env[door.model] if door.on_model else self.book[reach][door.record or door.model]
        )

    def _wizard(self, door, role, reach):
        book, values = self.book[reach], {}
        for name, value in door.wizard.items():
            if name.endswith("_ids"):
                values[name] = book[value].ids
            else:
                values[name] = self.arguments.get(value) or book[value].id
        return self._as(role, self.env[door.model]).create(values)

    def _kwargs(self, door):
        return {name: self.arguments[value] for name, value in door.args.items()}


@tagged("post_install", "-at_install", "vip_security")
class TestDoors(DoorsTable):
    def test_every_public_method_is_in_the_table(self):
        listed = {(door.model, door.method) for door in DOORS}
        found = set()
        for name, cls in self.registry.items():
            if cls._abstract and not name.startswith("vip."):
                continue  # what inherits it is asked; our own may be called by themselves
            ours = {
                method
                for base in cls.mro()
                if base.__module__.startswith("odoo.addons.vip_customer.")
                for method, value in vars(base).items()
                if callable(value) and not method.startswith("_") and method not in EXTENDED
            }
            for method in ours:
                try:
                    get_public_method(self.env[name], method)
                except AccessError:
                    continue  # private, ``init`` for example
                found.add((name, method))
        self.assertEqual(found, listed)

    def test_methods_that_odoo_owns(self):
        """What the addon extends exists in Odoo with the same name: nothing hides behind it."""
        for name in EXTENDED:
            self.assertTrue(hasattr(self.env["base"], name), name)

    def _try(self, call):
        savepoint = self.env.cr.savepoint(flush=False)
        try:
            call()
            self.env.flush_all()
            return "+"
        except AccessError:
            return "-"
        except UserError:
            return "!"
        finally:
            self.env.transaction.clear()
            savepoint.rollback()
            savepoint.close(rollback=False)

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")
    def test_every_method_as_every_role(self):
        for door in DOORS:
            for role in ROLES:
                for reach in REACHES:

                    def call(door=door, role=role, reach=reach):
                        if door.wizard:
                            record = self._wizard(door, role, reach)
                        else:
                            record = self._as(role, self._record(door, reach))
                        getattr(record, door.method)(**self._kwargs(door))

                    with self.subTest(door=f"{door.model}.{door.method}", role=role, reach=reach):
                        self.assertEqual(self._try(call), door.outcome(role, reach))

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

    def _guarded(self):
        """(record, field name, another value) of every guarded field."""
        for key in (*self.book["own"], "crm.lead", "res.users"):
            record = self._subject(key)
            if key != record._name:
                continue
            names = record._guarded_fields if hasattr(record, "_guarded_fields") else set()
            if key == "res.users":  # inherits the fields of its contact
                names = self.env["res.partner"]._guarded_fields
            for name in names:
                field = record._fields[name]
                yield record, name, self._another(record, field)

    def _subject(self, key):
        if key in ("vip.tier.rule", "vip.tier.band"):  # parts that may be edited otherwise
            policy = self.book["own"]["draft policy"]
            return (policy.rule_ids if key == "vip.tier.rule" else policy.band_ids)[0]
        if key == "crm.lead":
            return self.env["crm.lead"].create({"name": "Lead", "user_id": self.users["boss"].id})
        if key == "res.users":
            return self.users["boss"]
        return self.book["own"][key]

    def _another(self, record, field):
        """A value that the field does not have, written the way a client does."""
        value = record.sudo()[field.name]
        if field.type == "many2one":
            other = self.env[field.comodel_name].search([("id", "!=", value.id)], limit=1)
            return other.id
        if field.type == "selection":
            return next(
                key for key, _label in field._description_selection(self.env) if key != value
            )
        if field.type == "one2many":
            return [(5,)]
        return {
            "date": "2031-01-01",
            "datetime": "2031-01-01 00:00:00",
            "boolean": not value,
            "integer": 4242,
            "float": 4242.0,
            "monetary": 4242.0,
        }.get(field.type, "4242")

    def _assert_refused(self, record, name, door, call):
        """``call`` is refused, and the field keeps its value."""
        before = record.sudo().read([name], load=None)
        with self.subTest(model=record._name, field=name, door=door):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                call()
            self.env.invalidate_all()
            self.assertEqual(record.sudo().read([name], load=None), before)

    def _writers(self, record, values):
        """The doors through which the approver may try to write ``values``."""

        def mine():
            return self._as("approver", record)

        defaults = {f"default_{name}": value for name, value in values.items()}
        return (
            ("write", lambda: mine().write(values)),
            ("web_save", lambda: mine().web_save(values, {})),
            ("copy", lambda: mine().copy(values)),
            ("create", lambda: mine().browse().create(values)),
            ("default_", lambda: mine().browse().with_context(**defaults).create({})),
        )

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")
    def test_guarded_fields_are_refused(self):
        """As the approver, who has every right but the superuser's."""
        self.users["approver"].group_ids |= self.env.ref("sales_team.group_sale_manager")
        self.users["approver"].group_ids |= self.env.ref("base.group_partner_manager")
        self.users["approver"].group_ids |= self.env.ref("base.group_erp_manager")
        for record, name, value in list(self._guarded()):
            for door, call in self._writers(record, {name: value}):
                self._assert_refused(record, name, door, call)
            if record._name != "res.users":
                with self.subTest(model=record._name, field=name, door="default_get"):
                    records = self._as("approver", record.browse())
                    told = records.with_context(**{f"default_{name}": value}).default_get([name])
                    self.assertEqual(told, records.default_get([name]))

    def test_guarded_fields_are_refused_to_imports(self):
        for record, name, value in list(self._guarded()):
            if isinstance(value, list) or record._name == "res.users":
                continue
            path = f"{name}/.id" if record._fields[name].type == "many2one" else name
            with self.subTest(model=record._name, field=name):
                before = record.sudo().read([name], load=None)
                records = self._as("approver", record.browse())
                with suppress(UserError):  # refused, or reported in the messages
                    result = records.load([".id", path], [[str(record.id), str(value)]])
                    self.assertFalse(result["ids"])
                self.env.invalidate_all()
                self.assertEqual(record.sudo().read([name], load=None), before)

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

    def test_readonly_fields_are_guarded(self):
        """A field that no user is meant to write is guarded, or nobody may write the model at all."""
        for name, cls in self.registry.items():
            model = self.env[name]
            if not name.startswith("vip.") or model._abstract or model._transient:
                continue
            writable = self.env["ir.model.access"].search_count(
                [
                    ("model_id.model", "=", name),
                    "|",
                    ("perm_write", "=", True),
                    ("perm_create", "=", True),
                ]
            )
            if not writable:
                continue
            unwritten = {
                field.name
                for field in cls._fields.values()
                if field.store
                and field.readonly
                and field._module == "vip_customer"
                and field.name not in MAGIC
            }
            with self.subTest(model=name):
                self.assertLessEqual(unwritten, getattr(model, "_guarded_fields", set()))

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
class TestDoorsWire(HttpCase, DoorsTable):
    """The same table with API keys over ``/json/2`` and XML-RPC: never a traceback."""

    STATUS = {"+": 200, "-": 403, "!": 422}
    FAULT = {"+": None, "-": 4, "!": 2}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # days of the clock that stands still travel as other days do
        cls.startClassPatcher(patch.dict(OdooMarshaller.dispatch, {date: OdooMarshaller.dump_date}))
        cls.keys = {
            role: cls.env(user=cls.users[role], su=True)["res.users.apikeys"]._generate(
                "rpc", "test", None
            )
            for role in ROLES
        }

    def _undone(self, call):
        """The answer of ``call``, whose changes are rolled back."""
        self.env.flush_all()
        savepoint = self.env.cr.savepoint(flush=False)
        try:
            return call()
        finally:
            self.env.transaction.clear()
            savepoint.rollback()
            savepoint.close(rollback=False)

    def _json2(self, role, model, method, body):
        headers = {
            "Authorization": f"Bearer {self.keys[role]}",
            "X-Odoo-Database": self.env.cr.dbname,
        }
        return self.url_open(f"/json/2/{model}/{method}", json=body, headers=headers)

    def _xmlrpc(self, role, model, method, args, kwargs):
        """The fault's code, None for an answer."""
        params = (
            self.env.cr.dbname,
            self.users[role].id,
            self.keys[role],
            model,
            method,
            args,
            kwargs,
        )
        body = xmlrpc.client.dumps(params, "execute_kw", allow_none=True)
        response = self.url_open(
            "/xmlrpc/2/object", data=body, headers={"Content-Type": "text/xml"}
        )
        try:
            xmlrpc.client.loads(response.content)
        except xmlrpc.client.Fault as fault:
            self.assertNotIn("Traceback", fault.faultString)
            return fault.faultCode
        return None

    def _body(self, door, reach):
        return {"ids": self._record(door, reach).ids, **self._kwargs(door)}

    @mute_logger("odoo.http", "odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")
    def test_json2(self):
        for door in DOORS:
            if door.wizard:
                continue  # an ordinary create first: see the table through the ORM
            for role in ROLES:
                for reach in ("own", "rival"):
                    response = self._undone(
                        lambda door=door, role=role, reach=reach: self._json2(
                            role, door.model, door.method, self._body(door, reach)
                        )
                    )
                    with self.subTest(door=f"{door.model}.{door.method}", role=role, reach=reach):
                        expected = self.STATUS[door.outcome(role, reach)]
                        self.assertEqual(response.status_code, expected, response.text[:500])

    @mute_logger(
        "odoo.http",
        "odoo.addons.rpc.controllers.xmlrpc",
        "odoo.addons.base.models.ir_rule",
        "odoo.addons.base.models.ir_model",
    )
    def test_xmlrpc(self):
        for door in DOORS:
            if door.wizard:
                continue
            for role in ROLES:
                reach = "own"
                args, kwargs = [self._record(door, reach).ids], self._kwargs(door)
                if door.on_model:
                    args = []
                code = self._undone(
                    lambda door=door, role=role, args=args, kwargs=kwargs: self._xmlrpc(
                        role, door.model, door.method, args, kwargs
                    )
                )
                with self.subTest(door=f"{door.model}.{door.method}", role=role):
                    self.assertEqual(code, self.FAULT[door.outcome(role, reach)])

    def test_without_a_key(self):
        body = {"ids": self.book["own"]["res.partner"].ids}
        for headers in ({}, {"Authorization": "Bearer nonsense"}):
            with mute_logger("odoo.http"):
                response = self.url_open(
                    "/json/2/res.partner/vip_explain_tier", json=body, headers=headers
                )
            self.assertEqual(response.status_code, 401)

    def test_private_methods(self):
        for model, method in (
            ("vip.tier.history", "init"),
            ("vip.tier.history", "_post"),
            ("vip.tier.history", "_drop_protection"),
            ("vip.membership", "_ensure"),
            ("vip.membership", "_assign"),
            ("vip.manager.assignment", "_post"),
            ("vip.manager.assignment", "_project"),
            ("vip.manager.deputy", "_managers_of"),
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
        ):
            with self.subTest(method=method), mute_logger("odoo.http"):
                response = self._json2("approver", model, method, {"ids": []})
                self.assertEqual(response.status_code, 403)

    @mute_logger("odoo.http", "odoo.addons.base.models.ir_rule", "odoo.sql_db")
    def test_bad_calls(self):
        """What a caller can get wrong is answered with a status and a sentence."""
        missing = 2**31 - 1
        for door in DOORS:
            if door.wizard:
                continue
            model, method, kwargs = door.model, door.method, self._kwargs(door)
            if door.on_model:
                response = self._json2("approver", model, method, {"ids": [1]})
                self.assertEqual(response.status_code, 422)
                continue
            calls = [
                (422, {"ids": ["abc"], **kwargs}),
                (422, {"ids": [2**40], **kwargs}),
                (422, {"ids": [-1], **kwargs}),
                (422, {"ids": [1.5], **kwargs}),
                (404, {"ids": [missing], **kwargs}),
                (422, {"ids": self._record(door, "own").ids, **kwargs, "surprise": 1}),
            ]
            if kwargs:
                calls.append((422, {"ids": self._record(door, "own").ids}))
            for status, body in calls:
                response = self._undone(
                    lambda args=(model, method, body): self._json2("approver", *args)
                )
                with self.subTest(method=f"{model}.{method}", body=body):
                    self.assertEqual(response.status_code, status, response.text[:500])
            for ids in ([], [1, 2, 3], "abc", None):
                response = self._undone(
                    lambda args=(model, method, {"ids": ids, **kwargs}): self._json2(
                        "approver", *args
                    )
                )
                with self.subTest(method=f"{model}.{method}", ids=ids):
                    self.assertIn(response.status_code, (200, 403, 404, 422), response.text[:500])

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
