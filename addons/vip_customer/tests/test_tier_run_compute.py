from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import VipCase


@tagged("post_install", "-at_install", "vip_tier")
class TestTierRunCompute(VipCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._create_policy()
        cls.partner = cls._create_customer("Gold", cls._year(800), number="13800138000")
        cls.stranger = cls._create_customer("Stranger", cls._year(400), joined_on=False)
        cls.small = cls._create_customer("Small", cls._year(5))

    def _line(self, run, partner=None):
        return run.line_ids.filtered(lambda line: line.partner_id == (partner or self.partner))

    def _state_of_the_book(self):
        """Everything a run could touch outside itself."""
        self.env.flush_all()
        tables = ("vip_membership", "vip_tier_history", "vip_tier_override", "vip_billing_fact")
        tables += ("vip_service_number", "res_partner", "vip_tier_policy", "mail_activity")
        state = []
        for table in tables:
            self.env.cr.execute(
                f"SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY id)), '') FROM {table} t"  # noqa: S608
            )
            state += [(table, self.env.cr.fetchone())]
        return state

    # ------------------------------------------------------------
    # DRY RUN
    # ------------------------------------------------------------

    def test_writes_nothing_outside(self):
        before = self._state_of_the_book()
        run = self._compute_run(self.policy)
        self.assertEqual(self._state_of_the_book(), before)
        self.assertEqual(run.state, "computed")
        self.assertEqual(run.computed_by, self.users["boss"])

    def test_counts(self):
        self._create_customer("Silver", self._year(400))
        run = self._compute_run(self.policy)
        self.assertEqual((run.enter_count, run.line_count), (2, 2))
        self.assertNotIn(self.small, run.line_ids.partner_id, "no tier and earns none: no line")
        values = run._tier_table_values()
        self.assertEqual(values["rows"], [("Gold", 0, 1), ("Silver", 0, 1), ("No tier", 2, 0)])
        # gold and silver of the shipped matrix: 40 % of what is on request, 95 % of a card each
        cost = (1150 + 60) * 0.4 + 2 * 10 * 0.95
        self.assertEqual((run.benefit_cost_before, run.benefit_cost_after), (0, cost))

    def test_scope_one(self):
        run = self._compute_run(self.policy, scope="one", partner_id=self.partner.id)
        self.assertEqual(run.line_ids.partner_id, self.partner)

    def test_scope_one_needs_the_customer(self):
        with self._violates(CheckViolation, "vip_tier_run_one_customer"):
            self._compute_run(self.policy, scope="one")

    def test_scope_new(self):
        """Six full months before the run, and only those who enter."""
        self._assess(self.policy)
        later = self._create_customer(
            "Joined in spring", {f"2025-{month:02}-01": 400 for month in range(8, 13)}, "2025-07-20"
        )
        self._create_bills(self.partner, {"2026-01-01": 9999})
        run = self._compute_run(self.policy, as_of="2026-02-10", scope="new")
        self.assertEqual(run.line_ids.partner_id, later)
        line = run.line_ids
        self.assertEqual((line.total_spend, line.spend_months), (2000, 6))
        self.assertEqual((line.movement, line.new_tier_id), ("enter", self.silver))

    def test_reasons(self):
        run = self._compute_run(self.policy)
        self.assertIn("Earned by Gold: average at least", self._line(run).reason)
        self.assertNotIn("unknown", self._line(run).reason)

    def test_reason_joining_date_unknown(self):
        policy = self._create_policy(in_force=False, min_tenure_months=0)
        run = self._compute_run(policy)
        self.assertIn(
            "Joining date unknown: conditions on tenure do not hold.",
            self._line(run, self.stranger).reason,
        )

    def test_minimum_tenure_refuses_unknown_joining_date(self):
        policy = self._create_policy(in_force=False)
        run = self._compute_run(policy)
        self.assertFalse(self._line(run, self.stranger))

    # ------------------------------------------------------------
    # BY HAND
    # ------------------------------------------------------------

    def test_decide_and_withdraw(self):
        run = self._compute_run(self.policy)
        line = self._line(run).with_user(self.users["boss"])
        line._decide(self.diamond, " Founder's family ")
        self.assertEqual((line.movement, line.new_tier_id), ("enter", self.diamond))
        self.assertEqual(line.new_valid_until, self.policy.date_to)
        self.assertEqual(line.decided_by, self.users["boss"])
        self.assertIn("Decided by hand (Founder's family).", line.reason)
        self.assertEqual(run.decided_count, 1)
        line._decide(self.env["vip.tier"], "Asked for it")
        self.assertEqual((line.movement, line.new_tier_id.id), ("keep", False))
        self.assertEqual((run.enter_count, run.keep_count), (0, 1))
        line.action_withdraw_decision()
        self.assertEqual((line.movement, line.new_tier_id), ("enter", self.gold))
        self.assertFalse(line.is_decided)
        self.assertEqual((run.enter_count, run.keep_count), (1, 0))

    def test_decision_needs_a_reason(self):
        line = self._line(self._compute_run(self.policy)).with_user(self.users["boss"])
        with self.assertRaisesRegex(UserError, "A decision by hand needs a reason"):
            line._decide(self.diamond, "  ")

    def test_decision_needs_a_computed_run(self):
        run = self._assess(self.policy)
        with self.assertRaisesRegex(UserError, "is Applied; this works only while it is Computed"):
            self._line(run).with_user(self.users["boss"])._decide(self.diamond, "Late")
        with self.assertRaises(AccessError):
            self._line(run).with_user(self.users["manager_a"])._decide(self.diamond, "Late")

    def test_closed_customer_is_not_decided(self):
        self._assess(self.policy)
        # written with SQL, as an import that has not come to its end
        self.env.cr.execute(
            "UPDATE vip_service_number SET state = 'closed', closed_on = '2026-03-01' WHERE id = %s",
            self.partner.vip_number_ids.ids,
        )
        self.env.invalidate_all()
        line = self._line(self._compute_run(self.policy, as_of="2026-03-02"))
        self.assertEqual((line.movement, line.reason), ("leave", "No open number."))
        with self.assertRaisesRegex(UserError, "“Gold” has no open number"):
            line.with_user(self.users["boss"])._decide(self.diamond, "Please")

    def test_recompute_keeps_decisions(self):
        run = self._compute_run(self.policy)
        self._line(run).with_user(self.users["boss"])._decide(self.diamond, "Founder's family")
        self._create_bills(self.partner, {"2025-01-01": 3})
        run.with_user(self.users["boss"]).action_compute()
        line = self._line(run)
        self.assertEqual(line.total_spend, 9603)
        self.assertEqual(
            (line.new_tier_id, line.decision_reason), (self.diamond, "Founder's family")
        )
        self.assertEqual(line.decided_by, self.users["boss"])

    # ------------------------------------------------------------
    # INCOMPLETE BILLS
    # ------------------------------------------------------------

    def test_incomplete_bills(self):
        for i in range(17):
            self._create_customer(f"Billed {i}", {"2025-11-01": 1, "2025-12-01": 1})
        complete = self._compute_run(self.policy)  # 20 of 20
        self.assertFalse(complete.incomplete_warning)
        self._create_customer("Missing", {"2025-11-01": 1})
        self.assertFalse(self._compute_run(self.policy).incomplete_warning, "20 of 21 is enough")
        self._create_customer("Missing too", {"2025-11-01": 1})
        run = self._compute_run(self.policy)
        self.assertEqual(
            run.incomplete_warning, "The bills of 2025-12 look incomplete: 20 of 22 customers."
        )
        as_approver = run.with_user(self.users["approver"])
        with self.assertRaisesRegex(UserError, "Load the missing bills and compute again, or tick"):
            as_approver.action_approve()
        as_approver.accept_incomplete = True
        as_approver.action_approve()
        self.assertEqual(run.approved_by, self.users["approver"])

    def test_tick_is_for_one_computation(self):
        run = self._compute_run(self.policy)
        run.accept_incomplete = True
        run.with_user(self.users["boss"]).action_compute()
        self.assertFalse(run.accept_incomplete)

    # ------------------------------------------------------------
    # TWO RUNS
    # ------------------------------------------------------------

    def test_comparison(self):
        strict = self._create_policy(in_force=False, name="Strict")
        strict.rule_ids.filtered(lambda rule: rule.tier_id == self.gold).min_average_spend = 900
        runs = self._compute_run(self.policy) + self._compute_run(strict)
        action = runs.with_user(self.users["boss"]).action_compare()
        self.assertEqual(action["context"], {"vip_run_ids": runs.sorted("id").ids})
        rows = self.env["vip.tier.run.comparison"].with_context(**action["context"]).search([])
        rows = {row.partner_id: row for row in rows}
        self.assertEqual(rows[self.partner].first_tier_id, self.gold)
        self.assertEqual(rows[self.partner].second_tier_id, self.silver)
        self.assertEqual(rows[self.partner].difference, "lower")
        self.assertEqual(rows[self.partner].second_score, 9800)
        self.assertFalse(self.env["vip.tier.run.comparison"].search([]), "no runs named, no rows")

    def test_compare_needs_two(self):
        run = self._compute_run(self.policy)
        with self.assertRaisesRegex(UserError, "Choose exactly two computed runs"):
            run.action_compare()

    # ------------------------------------------------------------
    # REFUSALS
    # ------------------------------------------------------------

    def test_outside_validity(self):
        for day in ("2026-01-31", "2027-02-01"):
            with self.assertRaisesRegex(
                ValidationError, "is outside the validity of “Standard 2026”"
            ):
                self._compute_run(self.policy, as_of=day)

    def test_policy_without_rules(self):
        empty = self._create_policy(in_force=False, rule_ids=False)
        with self.assertRaisesRegex(ValidationError, "has no rules, so nobody could earn a tier"):
            self._compute_run(empty)

    def test_rules_of_archived_tiers_only(self):
        policy = self._create_policy(in_force=False)
        policy.rule_ids.filtered(lambda rule: rule.tier_id != self.gold).unlink()
        self.gold.active = False
        with self.assertRaisesRegex(ValidationError, "at least one rule of an active tier"):
            self._compute_run(policy)

    def test_contradicting_rules(self):
        policy = self._create_policy(in_force=False)
        rule = policy.rule_ids.filtered(lambda rule: rule.min_average_spend == 700)
        rule.min_average_spend = 299.99
        with self.assertRaisesRegex(
            ValidationError, "The rule “Gold: .* asks the same as “Silver: .*, but less"
        ):
            self._compute_run(policy)

    def test_computed_run_is_fixed(self):
        run = self._compute_run(self.policy)
        with self.assertRaisesRegex(UserError, "its policy, day and scope are fixed"):
            run.with_user(self.users["boss"]).as_of = "2026-02-02"

    def test_cancelled_run(self):
        run = self._compute_run(self.policy)
        run.with_user(self.users["boss"]).action_cancel()
        with self.assertRaisesRegex(UserError, "is Cancelled; this works only while it is Draft"):
            run.with_user(self.users["boss"]).action_compute()
