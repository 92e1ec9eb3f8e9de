from psycopg2.errors import CheckViolation

from odoo import Command
from odoo.tests import freeze_time, tagged

from .benefit_common import BenefitCase

ON_REQUEST, AUTOMATIC = 0.4, 0.95


@tagged("post_install", "-at_install", "vip_benefit")
class TestRunCost(BenefitCase):
    """What a run makes of the cost of benefits, before it is applied."""

    def setUp(self):
        super().setUp()
        self._move(self.partner, self.no_tier)
        self.customers = {
            tier: self._create_customer(tier.name, self._year(amount), number=f"1380013800{i}")
            for i, (tier, amount) in enumerate(
                ((self.silver, 400), (self.gold, 800), (self.diamond, 2000))
            )
        }

    def _cost(self, run, tier=None):
        """Customers before and after, and cost per benefit code."""
        lines = run.cost_ids.filtered(lambda line: line.tier_id == tier)
        return {line.benefit_id.code: line.cost_per_customer for line in lines}

    def test_standard(self):
        """Full use of the shipped matrix: 3 900 and a card for diamond, 1 150 and a card for gold."""
        self.company.write({"vip_use_on_request": 1, "vip_use_automatic": 1})
        run = self._compute_run(self.policy)
        self.assertEqual(
            self._cost(run, self.diamond),
            {
                "SIM_BACKUP": 20,
                "REPAIR": 500,
                "FAMILY": 300,
                "CLUB": 600,
                "LOUNGE": 720,
                "BOARDING": 960,
                "MEDICAL": 600,
                "CHOICE": 200,
                "CARD": 10,
            },
        )
        self.assertEqual(sum(self._cost(run, self.diamond).values()), 3900 + 10)
        self.assertEqual(sum(self._cost(run, self.gold).values()), 1160)
        self.assertEqual(self._cost(run, self.silver), {"VISIT_REQ": 60, "CARD": 10})
        self.assertEqual(run.benefit_cost_before, 0)
        self.assertEqual(run.benefit_cost_after, 3910 + 1160 + 70)

    def test_expected_use(self):
        run = self._compute_run(self.policy)
        expected = (3900 + 1150 + 60) * ON_REQUEST + 3 * 10 * AUTOMATIC
        self.assertAlmostEqual(run.benefit_cost_after, expected, 2)
        self.company.write({"vip_use_on_request": 0.5, "vip_use_automatic": 0})
        run = self._compute_run(self.policy)
        self.assertAlmostEqual(run.benefit_cost_after, (3900 + 1150 + 60) * 0.5, 2)
        with self._violates(CheckViolation, "res_company_vip_use_shares"):
            self.company.vip_use_on_request = 1.01
            self.company.flush_recordset()

    def test_before_and_after(self):
        """Gold becomes diamond, silver stays; a second customer enters gold."""
        self._apply_run(self._compute_run(self.policy))
        self._create_bills(self.customers[self.gold], {"2025-01-01": 99999})
        self._create_customer("New", self._year(900))
        run = self._compute_run(self.policy, as_of="2026-03-10")
        boarding = run.cost_ids.filtered(lambda line: line.benefit_id.code == "BOARDING")
        self.assertRecordValues(
            boarding.sorted("tier_rank"),
            [
                {
                    "tier_id": self.gold.id,
                    "count_before": 1,
                    "count_after": 1,
                    "cost_per_customer": 192,
                    "cost_before": 192,
                    "cost_after": 192,
                    "difference": 0,
                },
                {
                    "tier_id": self.diamond.id,
                    "count_before": 1,
                    "count_after": 2,
                    "cost_per_customer": 384,
                    "cost_before": 384,
                    "cost_after": 768,
                    "difference": 384,
                },
            ],
        )
        self.assertAlmostEqual(
            run.benefit_cost_after - run.benefit_cost_before, 3900 * ON_REQUEST + 10 * AUTOMATIC, 2
        )
        for name in ("before", "after"):
            self.assertAlmostEqual(
                run[f"benefit_cost_{name}"], sum(run.cost_ids.mapped(f"cost_{name}")), 2
            )

    def test_month_and_archived(self):
        self._create_benefit("MONTH", {self.silver: {"quantity": 2, "period": "month"}})
        self._create_benefit("ONCE", {self.silver: {"quantity": 2, "period": "once"}})
        self._create_benefit("OPEN", {self.silver: 0})
        self._create_benefit("STANDING", {self.silver: 1}, delivery="standing")
        self._benefit("CARD").active = False
        run = self._compute_run(self.policy)
        self.assertEqual(
            self._cost(run, self.silver), {"VISIT_REQ": 24, "MONTH": 240 * 0.4, "ONCE": 20 * 0.4}
        )

    def test_decision(self):
        """A decision by hand changes what the run costs, and so does its withdrawal."""
        run = self._compute_run(self.policy)
        before = run.benefit_cost_after
        line = run.line_ids.filtered(lambda line: line.new_tier_id == self.gold)
        line.with_user(self.users["boss"])._decide(self.diamond, "Founder's family")
        self.assertAlmostEqual(run.benefit_cost_after - before, (3900 - 1150) * ON_REQUEST, 2)
        counts = {cost.tier_id: cost.count_after for cost in run.cost_ids}
        self.assertEqual(counts, {self.silver: 1, self.diamond: 2})
        line.with_user(self.users["boss"]).action_withdraw_decision()
        self.assertAlmostEqual(run.benefit_cost_after, before, 2)

    def test_decisions_of_two_runs(self):
        """Lines of several runs at once, and none at all."""
        runs = self._compute_run(self.policy) | self._compute_run(self.policy, scope="new")
        lines = runs.line_ids.filtered(lambda line: line.new_tier_id == self.gold)
        costs = runs.mapped("benefit_cost_after")
        lines.with_user(self.users["boss"])._decide(self.diamond, "Founder's family")
        for run, cost in zip(runs, costs, strict=True):
            self.assertAlmostEqual(run.benefit_cost_after - cost, (3900 - 1150) * ON_REQUEST, 2)
        lines.with_user(self.users["boss"]).action_withdraw_decision()
        self.assertEqual(runs.mapped("benefit_cost_after"), costs)
        lines.browse().with_user(self.users["boss"]).action_withdraw_decision()

    def test_nothing_is_granted(self):
        """Computing writes nothing outside the run; computing again writes the rows anew."""
        lines = self.Line.search_count([])
        run = self._compute_run(self.policy)
        rows = len(run.cost_ids)
        run.with_user(self.users["boss"]).action_compute()
        self.assertEqual((len(run.cost_ids), self.Line.search_count([])), (rows, lines))

    def test_frozen(self):
        """An applied run says what was expected then, whatever the matrix says later."""
        run = self._apply_run(self._compute_run(self.policy))
        cost = run.benefit_cost_after
        self._promise(self.gold, "BOARDING").quantity = 100
        self.company.vip_use_on_request = 1
        self.assertEqual(run.benefit_cost_after, cost)


@tagged("post_install", "-at_install", "vip_benefit")
class TestBenefitReport(BenefitCase):
    def _report(self, code, *measures, groupby="month:month", partner=None):
        """Sums by group, months as 2026-03; groups of nothing but zeros left out."""
        self.env.flush_all()
        rows = self.env["vip.benefit.report"]._read_group(
            [
                ("partner_id", "=", (partner or self.partner).id),
                ("benefit_id.code", "=", code),
            ],
            [groupby],
            [f"{name}:sum" for name in measures],
        )
        return {
            (f"{key:%Y-%m}" if groupby.startswith("month") else key): sums
            for key, *sums in rows
            if any(sums)
        }

    def test_granted_and_used(self):
        self._give_goodwill("BOARDING")
        self._redeem("BOARDING", 2)
        self._redeem("BOARDING", 1).with_user(self.users["desk"]).action_cancel()
        delivered = self._deliver(self._redeem("BOARDING", 2))
        with freeze_time("2026-04-05 02:00:00"):
            delivered.with_user(self.users["lead"]).correct(1, "Flight cancelled")
            self._redeem("BOARDING", 1)
        names = ("granted", "granted_value", "used", "used_value")
        self.assertEqual(
            self._report("BOARDING", *names),
            {"2026-02": [7, 560, 0, 0], "2026-03": [0, 0, 4, 320]},  # April: 1 back, 1 given
        )
        with freeze_time("2026-05-31 16:00:00"):  # 1 June in Shanghai
            self._redeem("BOARDING", 1)
        self.assertEqual(self._report("BOARDING", "used")["2026-06"], [1])

    def test_requested_counts(self):
        self._redeem("REPAIR", 201)
        self.assertEqual(self._report("REPAIR", "used", "used_value"), {"2026-03": [201, 201]})

    def test_expired(self):
        """What is left counts once the period is over, in the month of its last day."""
        self._create_benefit("MONTH", {self.gold: {"quantity": 5, "period": "month"}})
        self._night()
        self._redeem("MONTH", 2)
        with freeze_time("2026-03-31 15:59:59"):
            self.assertFalse(self._report("MONTH", "expired"))
        with freeze_time("2026-03-31 16:00:00"):  # 1 April in Shanghai
            self.assertEqual(
                self._report("MONTH", "expired", "expired_value"), {"2026-03": [3, 30]}
            )
            self.assertFalse(self._report("BOARDING", "expired"))
        with freeze_time("2027-02-01 02:00:00"):
            self.assertEqual(self._report("BOARDING", "expired"), {"2027-01": [6]})
            self.assertFalse(self._report("CARD", "expired"), "once never expires")

    def test_overshoot_does_not_expire(self):
        self._redeem("REPAIR", 200)
        self._redeem("REPAIR", 100)
        with freeze_time("2027-02-01 02:00:00"):
            self.assertFalse(self._report("REPAIR", "expired"))
            self.assertEqual(
                self._report("REPAIR", "granted", "used", "expired"),
                {"2026-02": [200, 0, 0], "2026-03": [0, 300, 0]},
            )

    def test_unlimited(self):
        self._redeem("SIM_REPLACE", 3)
        with freeze_time("2027-02-01 02:00:00"):
            self.assertEqual(
                self._report("SIM_REPLACE", "granted", "used", "used_value", "expired"),
                {"2026-03": [0, 3, 150, 0]},
            )

    def test_tier_and_place(self):
        """Used counts for the tier at that time, granted for the one now held."""
        self._redeem("BOARDING", 2)
        self._move(self.partner, self.diamond)
        self._redeem("BOARDING", 1)
        self.assertEqual(
            self._report("BOARDING", "granted", "used", groupby="tier_id"),
            {self.gold: [0, 2], self.diamond: [12, 1]},
        )
        self.assertEqual(
            self._report("BOARDING", "used", groupby="manager_id"), {self.users["manager_a"]: [3]}
        )
        self.assertEqual(self._report("BOARDING", "used", groupby="team_id"), {self.city: [3]})

    def test_companies(self):
        """Over is what is over in the customer's company."""
        other = self.env["res.company"].create({"name": "Other Mobile"})
        other.resource_calendar_id.tz = "America/New_York"
        self.env.user.company_ids = [Command.link(other.id)]
        self._create_policy(company_id=other.id)
        theirs = self.env["res.partner"].create({"name": "Smith"})
        self.env["vip.membership"]._ensure(theirs.ids, other)
        self._move(theirs, self.gold)
        with freeze_time("2027-01-31 16:00:00"):
            self.assertTrue(self._report("BOARDING", "expired"))
            self.assertFalse(self._report("BOARDING", "expired", partner=theirs))
        with freeze_time("2027-02-01 05:00:00"):
            self.assertTrue(self._report("BOARDING", "expired", partner=theirs))
