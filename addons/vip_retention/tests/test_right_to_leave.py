from datetime import date, timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged

from odoo.addons.vip_customer.tests.service_common import SHANGHAI, at

from .case_common import FIRST, RetentionCase

WORKERS = ("desk", "manager_a", "manager_c", "lead", "boss")


@tagged("post_install", "-at_install")
class TestRightToLeave(RetentionCase):
    """Every role that works cases, in every state, with everything in the way that there is."""

    def _new(self):
        return self._leaves(source="work_record", user="manager_a")

    def _analysed(self):
        case = self._new()
        case.reason_id = self._ref("reason_o_device")
        return case

    def _waiting_for_approval(self):
        return self._proposed("handset", "o_device", source="work_record", user="manager_a")

    def _considering(self):
        case = self._proposed()
        case.action_consider()
        return case

    def _doing(self):
        case = self._proposed()
        case.action_accept()
        return case

    def _overdue(self):
        case = self._considering()
        case.sudo().deadline = "2026-03-01 00:00:00"
        case._escalate(10)
        return case

    def _protected(self):
        self.partner.vip_membership_id.protected = True
        return self._new()

    def _nobodys(self):
        case = self._new()
        case.sudo().write({"user_id": False, "reason_id": False})
        return case

    def _waiting_for_the_bill(self):
        case = self._in_watch("explain")
        with freeze_time(f"{case.watch_until + timedelta(days=1)} 02:00:00"):
            self.Case._judge(self.company, 10)
        self.assertTrue(case.waits_for_bill)
        return case

    def _at_risk(self):
        """He asked for nothing, and does not want to be asked."""
        return self.Case.create({"partner_id": self.partner.id, "source": "risk"})

    def _archived(self):
        case = self._proposed()
        self._ref("offer_plan_fit").active = False
        return case

    STATES = {
        "new": _new,
        "analysed": _analysed,
        "waiting for approval": _waiting_for_approval,
        "proposed": RetentionCase._proposed,
        "considering": _considering,
        "overdue": _overdue,
        "doing": _doing,
        "watch": RetentionCase._in_watch,
        "waiting for the bill": _waiting_for_the_bill,
        "at risk": _at_risk,
        "protected": _protected,
        "nobody's": _nobodys,
        "archived offer": _archived,
    }

    def test_everybody_in_every_state(self):
        """One click: no field, approval, owner, portfolio or deadline stands in its way."""
        self.env["vip.retention.offer"].search([]).cooldown_days = 0
        for name, make in self.STATES.items():
            for user in WORKERS:
                with self.subTest(state=name, user=user):
                    self._ref("offer_plan_fit").active = True
                    case = self._as(user, make(self))
                    departures = case.sudo().departure_ids
                    before = departures.read(["state", "effective_on"])
                    self.assertIs(case.action_refuse(), True)
                    self.assertEqual((case.state, case.outcome), ("closed", "refused"))
                    self.assertEqual(case.closed_by, self.users[user])
                    self.assertEqual(departures.read(["state", "effective_on"]), before)
                    self.assertEqual(self._log_of(case)[-1], ("refused", user))
                    self.assertFalse(self._tasks_of(case))
                    self.assertFalse(case.deadline)
                    self.assertFalse(case.waits_for_bill)
                    self.assertNotIn(False, case.sudo().proposal_ids.mapped("answer"))
                    self.assertNotIn("waiting", case.sudo().proposal_ids.mapped("approval"))
                    departures.filtered(lambda one: one.state == "announced").action_withdraw()

    def test_closed_already(self):
        """There is nothing left to do, and nothing is written again."""
        case = self._leaves()
        case.action_refuse()
        before = (case.closed_at, self._log_of(case))
        for user in WORKERS:
            self.assertIs(self._as(user, case).action_refuse(), True)
        self.assertEqual((case.closed_at, self._log_of(case)), before)
        saved = self._proposed(partner=self.plain)
        saved.action_withdraw()
        saved.action_refuse()
        self.assertEqual(saved.outcome, "withdrawn")

    def test_several_at_once(self):
        cases = self._leaves() | self._leaves(self.plain)
        cases.action_refuse()
        self.assertEqual(set(cases.mapped("outcome")), {"refused"})

    def test_nothing_follows(self):
        """No offers, no contacts, no approvals, no answers, no dispatch after it."""
        case = self._as("boss", self._waiting_for_approval())
        case.action_refuse()
        channel = self.env.ref("vip_customer.channel_phone").id
        result = self.env.ref("vip_customer.interaction_result_reached").id
        for step in (
            lambda: case.action_propose(self._ref("offer_explain").id),
            case.action_accept,
            case.action_consider,
            case.action_dispatch,
            case.action_withdraw,
            case.action_no_answer,
            lambda: case.contact(channel, result),
        ):
            with self.assertRaisesRegex(UserError, "no offers and no contacts any more"):
                step()
        with self.assertRaisesRegex(UserError, "no offers and no contacts any more"):
            case.proposal_ids.action_approve()
        self.assertFalse(case.ladder)

    def test_he_refuses_what_was_put_to_him(self):
        """What he thought about is refused; what waited, or was not approved, never reached him."""
        for make, answer in (
            (self._proposed, "refused"),
            (self._considering, "refused"),
            (self._waiting_for_approval, "ended"),
            (self._not_approved, "ended"),
        ):
            with self.subTest(make=make.__name__):
                case = make()
                with at("2026-03-12 10:00"):
                    case.action_refuse()
                proposal = case.sudo().proposal_ids
                self.assertEqual(proposal.answer, answer)
                self.assertEqual(f"{proposal.answered_at + SHANGHAI:%d %H:%M}", "12 10:00")
                self.assertNotEqual(proposal.approval, "waiting")
                case.sudo().departure_ids.action_withdraw()

    def _not_approved(self):
        case = self._waiting_for_approval()
        self._as("boss", case.proposal_ids).action_reject()
        return case

    def test_who_does_not_work_cases(self):
        case = self._leaves()
        for user in ("auditor", "employee", "importer", "portal"):
            with self.subTest(user=user), self.assertRaises(AccessError):
                self._as(user, case).action_refuse()
        self.assertEqual(case.state, "new")

    def test_another_company(self):
        case = self._leaves()
        rival = self.env["res.company"].create({"name": "Rival"})
        self.users["desk"].write({"company_ids": [(6, 0, rival.ids)], "company_id": rival.id})
        with self.assertRaises(AccessError):
            case.with_context(allowed_company_ids=rival.ids).action_refuse()

    def test_noted_while_somebody_holds_it(self):
        """The note alone ends the case; the scheduled action closes it."""
        case = self._proposed("handset", "o_device")
        case.sudo()._log("refused")
        for step in (case.action_accept, case.action_consider, case.action_take):
            with self.assertRaisesRegex(
                UserError, "final refusal in RC2026-.* was noted by .*vip_test_desk"
            ):
                step()
        with self.assertRaisesRegex(UserError, "final refusal in RC2026-"):
            self._as("boss", case.proposal_ids).action_approve()
        self._finish_refusals()
        self.assertEqual((case.outcome, case.closed_by), ("refused", self.users["desk"]))
        self._finish_refusals()
        self.assertEqual(self._log_of(case).count(("refused", "desk")), 1)

    def test_noted_twice_at_once(self):
        """Of two people who note it at once the first one closed it, and it is one case."""
        case = self._leaves()
        case.sudo()._log("refused")
        self._as("lead", case).sudo()._log("refused")
        card = self.env["res.partner"].with_user(self.users["desk"]).vip_lookup(FIRST)
        self.assertEqual(card["cases"], 1)
        self._finish_refusals()
        self.assertEqual(case.closed_by, self.users["desk"])

    def test_survey_in_the_same_talk_only(self):
        """All optional, for who closed it, on that day; the analysis later."""
        case = self._leaves()
        case.action_refuse()
        case.write({"likelihood": "2", "survey": "A better plan", "detail": "Beta"})
        with self.assertRaisesRegex(UserError, "stays as it is"):
            self._as("lead", case).survey = "More"
        case.sudo().closed_at = "2026-03-09 02:00:00"
        with self.assertRaisesRegex(UserError, "stays as it is"):
            case.likelihood = "1"
        self._as("lead", case).analysis = "We were slow."

    def test_the_date_is_the_customers(self):
        """No step of a case moves the closing date."""
        case = self._proposed()
        case.action_consider()
        self.assertEqual(case.sudo().departure_id.effective_on, date(2026, 3, 30))
        for name in ("closing_date", "departure_ids"):
            with self.assertRaises(AccessError):
                case.write({name: False})

    def test_log_is_evidence(self):
        case = self._leaves()
        row = case.sudo().log_ids[:1]
        with self.assertRaisesRegex(UserError, "is evidence: it is neither changed nor deleted"):
            row.content = "else"
        with self.assertRaisesRegex(UserError, "is evidence: it is neither changed nor deleted"):
            row.unlink()
        with self.assertRaisesRegex(AccessError, "writes itself"):
            row.with_user(self.users["boss"]).create({"case_id": case.id, "step": "saved"})
