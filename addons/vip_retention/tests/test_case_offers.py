from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged

from odoo.addons.vip_customer.tests.service_common import SHANGHAI, at

from .case_common import RetentionCase

FEW, MANY = 3, 12


@tagged("post_install", "-at_install")
class TestLadder(RetentionCase):
    """Which offers, in which order, and why not others."""

    def _codes(self, case):
        offers = {offer.id: offer.code for offer in self.env["vip.retention.offer"].search([])}
        return [offers[rung["id"]] for rung in case.ladder]

    def test_by_reason_and_tier_cheapest_first(self):
        case = self._leaves()
        self.assertEqual(self._codes(case), ["EXPLAIN"])
        case.reason_id = self._ref("reason_t_fit")
        self.assertEqual(
            self._codes(case), ["EXPLAIN", "PLAN_FIT", "VAS_TRIAL", "CREDIT_L", "TIER_HOLD"]
        )
        case.reason_id = self._ref("reason_p_benefit")
        self.assertEqual(self._codes(case), ["EXPLAIN", "VAS_TRIAL", "CREDIT_S", "BENEFIT_PLUS"])
        silver = self._create_vip("Silver", self.silver)
        case = self._leaves(silver)
        case.reason_id = self._ref("reason_p_benefit")
        self.assertEqual(self._codes(case), ["EXPLAIN", "VAS_TRIAL", "CREDIT_S"])

    def test_break_even(self):
        """240 ÷ (650 × 30 %) = 1.2: shown as 1.3, never as less than it is."""
        case = self._leaves()
        case.reason_id = self._ref("reason_t_fit")
        rung = next(rung for rung in case.ladder if rung["cost"] == 240)
        self.assertEqual((rung["break_even"], rung["remark"]), (1.3, False))
        self.assertEqual((rung["authority"], rung["needs_approval"]), ("Team lead", True))
        case.sudo().value = 600
        case.invalidate_recordset(["ladder"])
        rungs = case.with_user(self.users["lead"]).ladder
        self.assertEqual(rungs[-1]["cost"], 300)
        self.assertIn("more than 12 months", rungs[-1]["remark"])
        case.sudo().value = 0
        case.invalidate_recordset(["ladder"])
        self.assertIn(
            "no bills that would earn it back",
            case.with_user(self.users["lead"]).ladder[-1]["remark"],
        )

    def test_ports_out(self):
        """Only what is open to every customer of the tier: nothing made for people who port."""
        case = self._leaves(kind="port_out")
        case.reason_id = self._ref("reason_t_fit")
        self.assertEqual(self._codes(case), ["EXPLAIN", "PLAN_FIT"])
        with self.assertRaisesRegex(
            UserError, "ports his number out: he is offered only what is open"
        ):
            case.action_propose(self._ref("offer_vas_trial").id)

    def test_condolence(self):
        case = self._leaves()
        case.reason_id = self._ref("reason_o_gone")
        self.assertFalse(case.ladder)
        with self.assertRaisesRegex(UserError, "nothing is offered. Express our condolence"):
            case.action_propose(self._ref("offer_explain").id)

    def test_cool_down_across_years(self):
        """365 days from the acceptance on, whatever the calendar year."""
        self._ref("offer_plan_fit").cooldown_days = 365
        with freeze_time("2025-12-30 02:00:00"):
            case = self._proposed(effective_on="2026-01-30")
            case.action_accept()
            case.action_refuse()
            case.sudo().departure_id.action_withdraw()
        case = self._leaves()
        case.reason_id = self._ref("reason_t_fit")
        rung = next(rung for rung in case.ladder if rung["id"] == self._ref("offer_plan_fit").id)
        self.assertEqual(rung["available_on"], "2026-12-30")
        with self.assertRaisesRegex(UserError, "accepted “Better fitting plan” before"):
            case.action_propose(self._ref("offer_plan_fit").id)
        case.action_refuse()
        case.sudo().departure_id.action_withdraw()
        with freeze_time("2026-12-30 02:00:00"):
            self._proposed(effective_on="2027-01-30")

    def test_refusals(self):
        case = self._leaves()
        with self.assertRaisesRegex(
            UserError, "does not fit why Wang wants to leave. Note the reason first"
        ):
            case.action_propose(self._ref("offer_plan_fit").id)
        silver = self._leaves(self._create_vip("Silver", self.silver))
        silver.reason_id = self._ref("reason_p_benefit")
        with self.assertRaisesRegex(
            UserError, "is not for customers of Silver, as which Silver asked"
        ):
            silver.action_propose(self._ref("offer_benefit_plus").id)
        self._ref("offer_explain").active = False
        with self.assertRaisesRegex(UserError, "is archived and not offered any more"):
            case.action_propose(self._ref("offer_explain").id)
        with self.assertRaisesRegex(UserError, "is not the id of a record"):
            case.action_propose("1")

    def test_home_visit(self):
        """Proposed for protected and diamond customers, and from 12 000 a year on."""
        case = self._as("boss", self._leaves())
        self.assertFalse(case.proposes_visit)
        case.sudo().value = 12000
        case.invalidate_recordset(["proposes_visit"])
        self.assertTrue(case.proposes_visit)
        case.sudo().write({"value": 0, "was_protected": True})
        case.invalidate_recordset(["proposes_visit"])
        self.assertTrue(case.proposes_visit)
        self.assertTrue(self._as("boss", self._leaves(self.plain)).proposes_visit)


@tagged("post_install", "-at_install")
class TestApproval(RetentionCase):
    """What is above one's authority waits for who may grant it, and for nobody else."""

    def _proposal(self, offer, reason, user):
        source = "hotline" if user == "desk" else "work_record"
        return self._proposed(offer, reason, user=user, source=source).proposal_ids

    def test_who_may_grant(self):
        """desk up to 50, account manager up to 200, lead up to 600, manager above."""
        needed = {
            ("credit_s", "t_shock"): {},
            ("net_fix", "o_cover"): {"desk": "lead", "manager_c": "lead"},
            ("credit_l", "t_fit"): {"desk": "lead", "manager_a": "lead", "manager_c": "lead"},
            ("handset", "o_device"): dict.fromkeys(
                ("desk", "manager_a", "manager_c", "lead"), "manager"
            ),
        }
        for (offer, reason), levels in needed.items():
            for user in ("desk", "manager_a", "manager_c", "lead", "boss"):
                with self.subTest(offer=offer, user=user):
                    case = self._leaves(source="hotline", user=user)
                    case.reason_id = self._ref(f"reason_{reason}")
                    case.action_propose(self._ref(f"offer_{offer}").id)
                    proposal = case.proposal_ids
                    self.assertEqual(proposal.approval_level, levels.get(user, False))
                    self.assertEqual(
                        proposal.approval, "waiting" if user in levels else "not_needed"
                    )
                    case.action_withdraw()

    def test_approved(self):
        proposal = self._proposal("credit_l", "t_fit", "desk")
        case = proposal.case_id
        self.assertEqual(f"{proposal.approve_by + SHANGHAI:%d %H:%M}", "10 16:00")
        self.assertEqual(self._tasks_of(case), {("approval", "lead")})
        with self.assertRaisesRegex(UserError, "waits for approval by: Team lead"):
            case.action_accept()
        for user in ("desk", "manager_a", "manager_c"):
            with (
                self.subTest(user=user),
                self.assertRaisesRegex(AccessError, "is decided by: Team lead"),
            ):
                self._as(user, proposal).action_approve()
        self._as("lead", proposal).action_approve()
        self.assertEqual((proposal.approval, proposal.decided_by), ("approved", self.users["lead"]))
        self.assertEqual(self._tasks_of(case), {("case", "desk")})
        with self.assertRaisesRegex(UserError, "was decided by .*vip_test_lead"):
            self._as("boss", proposal).action_reject()
        case.action_accept()
        self.assertEqual(case.state, "doing")

    def test_not_approved(self):
        proposal = self._proposal("credit_l", "t_fit", "desk")
        self._as("boss", proposal).action_reject()
        with self.assertRaisesRegex(UserError, "was not approved. Propose another"):
            proposal.case_id.action_accept()
        proposal.case_id.action_propose(self._ref("offer_explain").id)

    def test_needs_no_approval(self):
        proposal = self._proposal("explain", "t_fit", "desk")
        for step in (proposal.action_approve, proposal.action_reject):
            with (
                self.subTest(step=step.__name__),
                self.assertRaisesRegex(UserError, "for Wang needs no approval: whoever works on"),
            ):
                step()
        with self.assertRaisesRegex(UserError, "needs no approval"):
            self._as("boss", proposal).action_approve()

    def test_lead_of_another_branch(self):
        self._assign(self.partner, self.users["manager_c"], self.county)
        proposal = self._proposal("credit_l", "t_fit", "desk")
        self.assertEqual(
            self._tasks_of(proposal.case_id), {("approval", "boss"), ("approval", "approver")}
        )
        with self.assertRaises(AccessError):
            self._as("lead", proposal).action_approve()

    def test_lead_who_looks_after_him_in_another_branch(self):
        """There he grants what an account manager grants, and approves nothing."""
        self._assign(self.partner, self.users["lead"], self.county)
        case = self._leaves(source="work_record", user="lead")
        case.reason_id = self._ref("reason_t_fit")
        case.action_propose(self._ref("offer_credit_l").id)
        proposal = case.proposal_ids
        self.assertEqual((proposal.approval, proposal.approval_level), ("waiting", "lead"))
        with self.assertRaisesRegex(AccessError, "is decided by: Team lead"):
            proposal.action_approve()
        self._as("boss", proposal).action_approve()

    def test_absent_approver(self):
        """The deadline passes it on to the managers, once."""
        proposal = self._proposal("credit_l", "t_fit", "desk")
        case = proposal.case_id
        self.assertEqual(self.Case._pass_on(10), 0)
        with at("2026-03-10 16:01"):
            self.assertEqual(self.Case._pass_on(10), 1)
            self.assertEqual(self.Case._pass_on(10), 0)
            self.assertEqual(proposal.approval_level, "manager")
            self.assertEqual(self._tasks_of(case), {("approval", "boss"), ("approval", "approver")})
            with self.assertRaises(AccessError):
                self._as("lead", proposal).action_approve()
            self._as("boss", proposal).action_approve()

    def _queries(self, make, work, moment):
        """How many queries the work takes for a few cases and for many."""
        counts = []
        for size in (FEW, FEW, MANY):  # the first one fills caches
            cases = [make(self._create_vip(f"Customer {i}", self.gold)) for i in range(size)]
            self.env.flush_all()
            self.env.invalidate_all()
            with at(moment):
                before = self.env.cr.sql_log_count
                self.assertEqual(work(MANY), size)
                self.env.flush_all()
                counts.append(self.env.cr.sql_log_count - before)
            for case in cases:
                case.action_refuse()
        return counts

    def test_queries_do_not_depend_on_how_many_are_passed_on(self):
        def wait(partner):
            case = self._proposed("credit_l", partner=partner)
            self.assertEqual(self._tasks_of(case), {("approval", "lead")})
            return case

        _first, few, many = self._queries(wait, self.Case._pass_on, "2026-03-10 16:01")
        self.assertEqual(few, many)

    def test_queries_do_not_depend_on_how_many_have_no_lead(self):
        def leave(partner):
            self._assign(partner, self.env["res.users"], self.county)
            return self._leaves(partner)

        _first, few, many = self._queries(leave, self.Case._escalate, "2026-03-12 10:00")
        self.assertEqual(few, many)

    def test_late_cases_are_told(self):
        """A warning at three quarters, the lead when it is overdue; nothing twice."""
        case = self._proposed()
        case.action_consider()
        for moment, tasks in (
            ("2026-03-11 15:59", set()),
            ("2026-03-11 16:00", {("warning", "manager_a")}),
            ("2026-03-12 10:00", {("warning", "manager_a"), ("escalation", "lead")}),
        ):
            with at(moment):
                told = self.Case._escalate(10)
                self.assertEqual(self._tasks_of(case) - {("case", "manager_a")}, tasks)
                self.assertEqual(told, bool(tasks))
                self.assertEqual(self.Case._escalate(10), 0)

    def test_promise_not_kept_in_time(self):
        case = self._proposed()
        case.action_accept()
        self.assertEqual(f"{case.deadline + SHANGHAI:%d %H:%M}", "11 10:00")
        with at("2026-03-11 10:00"):
            self.Case._escalate(10)
        self.assertIn(("escalation", "lead"), self._tasks_of(case))


@tagged("post_install", "-at_install")
class TestWatch(RetentionCase):
    """A save is a save when the number is open and billed at the end of the watch."""

    def _end(self, case, days=1):
        return freeze_time(f"{case.watch_until + timedelta(days=days)} 02:00:00")

    def _judge(self):
        return self.Case._judge(self.company, 100)

    def _month(self, month, complete):
        months = self.env["vip.billing.month"]
        found = months.search([("company_id", "=", self.company.id), ("month", "=", month)])
        (
            found or months.create({"company_id": self.company.id, "month": month})
        ).complete = complete

    def test_saved(self):
        case = self._in_watch("explain")  # until 2026-04-09
        self._create_bills(self.partner, {"2026-04-01": 1}, self.first)
        self.assertEqual(self._judge(), 0)
        with self._end(case, 0):
            self.assertEqual(self._judge(), 0)
        with self._end(case):
            self.assertEqual(self._judge(), 1)
            self.assertEqual((case.state, case.outcome), ("closed", "saved"))
            self.assertEqual(self._judge(), 0)
        self.assertFalse(self._tasks_of(case))

    def test_waits_for_the_bill(self):
        """A watch that ends in a month without bills waits, at most 60 days; then a manager decides."""
        case = self._in_watch("explain")
        self._create_bills(self.partner, {"2026-03-01": 650}, self.first)
        with self._end(case):
            self.assertEqual(self._judge(), 1)
            self.assertEqual((case.state, case.waits_for_bill), ("watch", True))
            self.assertEqual(self._judge(), 0)
            with self.assertRaisesRegex(UserError, "is decided by the bill of the month"):
                self._as("boss", case).action_decide_saved()
        with self._end(case, 60):
            self.assertEqual(self._judge(), 0)
        with self._end(case, 61):
            self.assertEqual(self._judge(), 1)
            self.assertEqual(self._judge(), 0)
            self.assertIn(("decision", "boss"), self._tasks_of(case))
            with self.assertRaisesRegex(AccessError, "Only a manager"):
                self._as("lead", case).action_decide_saved()
            self._as("boss", case).action_decide_saved()
        self.assertEqual((case.outcome, case.closed_by), ("saved", self.users["boss"]))

    def test_decided_as_lost(self):
        case = self._in_watch("explain")
        with self._end(case, 61):
            self._judge()
            self._as("boss", case).action_decide_lost()
        self.assertEqual(case.outcome, "lost_after_watch")

    def test_no_bill_in_a_complete_month(self):
        case = self._in_watch("explain")
        self._create_bills(self.partner, {"2026-04-01": 0}, self.first)
        with self._end(case, 30):
            self._month("2026-04-01", False)
            self._judge()
            self.assertTrue(case.waits_for_bill)
            self._month("2026-04-01", True)
            self._judge()
        self.assertEqual(case.outcome, "lost_after_watch")

    def test_closed_before_the_end(self):
        case = self._in_watch("explain")
        self._create_bills(self.partner, {"2026-04-01": 650}, self.first)
        with freeze_time("2026-04-09 02:00:00"):
            self.first.state = "closed"
        self.assertEqual(case.state, "watch")
        with self._end(case):
            self._judge()
        self.assertEqual((case.state, case.outcome), ("closed", "lost_after_watch"))

    def test_closed_after_the_end(self):
        case = self._in_watch("explain")
        self._create_bills(self.partner, {"2026-04-01": 650}, self.first)
        with self._end(case):
            self.first.state = "closed"
            self._judge()
        self.assertEqual(case.outcome, "saved")

    def test_reopened_within_the_watch(self):
        """What counts is the last day."""
        case = self._in_watch("explain")
        self._create_bills(self.partner, {"2026-04-01": 650}, self.first)
        with freeze_time("2026-03-20 02:00:00"):
            self.first.state = "closed"
        with freeze_time("2026-03-25 02:00:00"):
            self.first.state = "active"
        with self._end(case):
            self._judge()
        self.assertEqual(case.outcome, "saved")

    def test_without_numbers(self):
        for leaves, outcome in ((False, "saved"), (True, "lost_after_watch")):
            with self.subTest(leaves=leaves):
                partner = self._create_vip(f"Plain {leaves}", self.gold)
                case = self._in_watch("explain", partner=partner)
                self._create_bills(partner, {"2026-04-01": 10})
                if leaves:
                    with freeze_time("2026-03-20 02:00:00"):
                        self.Departure.create(
                            {
                                "partner_id": partner.id,
                                "kind": "scheduled",
                                "effective_on": "2026-03-20",
                            }
                        )
                with self._end(case):
                    self._judge()
                self.assertEqual(case.outcome, outcome)

    def test_only_the_numbers_he_keeps(self):
        second = self._number(self.partner, "13800138002")
        case = self._leaves(number_id=self.first.id)
        self._leaves(number_id=second.id)
        case.action_propose(self._ref("offer_explain").id)
        case.action_accept(second.ids)
        with freeze_time("2026-03-30 02:00:00"):
            self.Departure._take_effect_due(self.company)
        self.assertEqual((self.first.state, case.state), ("closed", "watch"))
        self._create_bills(self.partner, {"2026-04-01": 5}, second)
        with self._end(case):
            self._judge()
        self.assertEqual(case.outcome, "saved")
