"""Targets and schemes: what is shipped, and what is refused."""

from psycopg2.errors import CheckViolation, UniqueViolation

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .assessment_common import AssessmentCase


@tagged("post_install", "-at_install", "vip_kpi", "vip_assessment")
class TestTargets(AssessmentCase):
    def _create(self, figure="reached_rate", target=0.9, floor=0.5, **values):
        return self.Target.with_user(self.users["boss"]).create(
            {"figure": figure, "target": target, "floor": floor, **values}
        )

    def test_shipped(self):
        goals = self.Target._goals(self.company)
        self.assertEqual(len(goals), 10)
        diamond, gold, silver = self.diamond.id, self.gold.id, self.silver.id
        self.assertEqual(goals["churn_rate"][diamond], (0.003, 0.025))
        self.assertEqual(goals["satisfaction"][gold], (0.92, 0.75))
        self.assertEqual(set(goals["benefit_use"]), {diamond, gold})
        self.assertEqual(goals["completeness"][silver], (0.7, 0.4))
        self.assertEqual(goals["load_per_manager"], {None: (500, 800)})

    def test_floor_on_the_wrong_side(self):
        """Also where both are the same: nothing lies between."""
        for floor in (0.9, 0.95):
            self._refused(
                "“Reached customers” should be high", self._create, *("reached_rate", 0.9, floor)
            )
        for floor in (0.01, 0.02):
            self._refused(
                "“Off-net rate” should be low", self._create, *("off_net_rate", 0.02, floor)
            )
        target = self._create()
        with self.assertRaises(ValidationError):
            target.floor = 0.95

    def test_shares(self):
        """98 instead of 0.98 is a slip."""
        self._refused("between 0% and 100%", self._create, *("reached_rate", 98, 0.7))
        self._refused("between 0% and 100%", self._create, *("reached_rate", 0.9, -0.1))
        self._refused("never below zero", self._create, *("cost_per_save", -5, 100))
        self._create("cost_per_save", 100, 500)

    def test_one_for_all_or_by_tier(self):
        self._create()
        self._refused(
            "for all tiers at once, or tier by tier", lambda: self._create(tier_id=self.gold.id)
        )
        self._create("off_net_rate", 0.01, 0.02, tier_id=self.gold.id)
        self._refused("or tier by tier, not both", self._create, *("off_net_rate", 0.01, 0.02))
        self._create("off_net_rate", 0.01, 0.02, tier_id=self.silver.id)
        # a company's own are another matter
        self._create("off_net_rate", 0.01, 0.02, company_id=self.company.id)

    def test_per_manager_has_no_tier(self):
        self.Target.search([("figure", "=", "load_per_manager")]).unlink()
        self._refused(
            "Leave the tier of its target empty",
            lambda: self._create("load_per_manager", 500, 800, tier_id=self.gold.id),
        )

    def test_twice(self):
        self._create(tier_id=self.gold.id)
        with self._violates(UniqueViolation, "vip_kpi_target_figure_uniq"):
            self._create(tier_id=self.gold.id)

    def test_own_replace_the_shared(self):
        self._create("churn_rate", 0.01, 0.02, tier_id=self.gold.id, company_id=self.company.id)
        goals = self.Target._goals(self.company)
        self.assertEqual(goals["churn_rate"], {self.gold.id: (0.01, 0.02)})
        self.assertEqual(
            len(self.Target._goals(self.env.ref("base.main_company"))["churn_rate"]), 3
        )

    def test_texts(self):
        target = self.env.ref("vip_retention.target_churn_diamond")
        self.assertEqual((target.target_text, target.floor_text), ("at most 0.30%", "2.50%"))
        self.assertEqual(target.display_name, "Churn rate, Diamond")


@tagged("post_install", "-at_install", "vip_kpi", "vip_assessment")
class TestSchemes(AssessmentCase):
    def _create(self, *weights, **values):
        names = ("churn_rate", "save_rate")
        return (
            self.env["vip.assessment.scheme"]
            .with_user(self.users["boss"])
            .create(
                {
                    "name": "Ours",
                    "indicator_ids": [
                        (0, 0, {"figure": name, "weight": weight})
                        for name, weight in zip(names, weights, strict=False)
                    ],
                    **values,
                }
            )
        )

    def test_shipped(self):
        self.assertEqual(self.scheme.weight, 100)
        self.assertEqual(len(self.scheme.item_ids), 15)
        self.assertEqual(sum(self.scheme.item_ids.mapped("points")), 30)
        self.scheme._check_complete()

    def test_weights_that_sum_to_zero(self):
        for weights in ((), (0,), (0, 0)):
            with self.subTest(weights):
                self._refused("weights of “Ours” sum to zero", self._create, *weights)
        scheme = self._create(0, 5)
        with self.assertRaises(ValidationError):
            scheme.indicator_ids[1].weight = 0
        scheme.indicator_ids[1].unlink()
        self._refused(
            "sum to zero", lambda: self._assess(scheme_id=scheme.id), error=ValidationError
        )

    def test_part_without_items(self):
        scheme = self._create(5, indicator_ids=[(0, 0, {"part": "staff", "weight": 5})])
        self._refused(
            "no item of the checklist asks about it", lambda: self._assess(scheme_id=scheme.id)
        )

    def test_figure_or_part(self):
        for values in ({}, {"figure": "save_rate", "part": "staff"}):
            with self._violates(CheckViolation, "vip_assessment_indicator_one_of_both"):
                self._create(indicator_ids=[(0, 0, {"weight": 5, **values})])

    def test_negative_weight(self):
        with self._violates(CheckViolation, "vip_assessment_indicator_weight_positive"):
            self._create(10, -5)

    def test_used_scheme_stays(self):
        assessment = self._assess()
        scheme = self.scheme.with_user(self.users["boss"])
        for change in (
            lambda: scheme.write({"indicator_ids": [(0, 0, {"figure": "benefit_use"})]}),
            lambda: scheme.indicator_ids[0].write({"weight": 99}),
            lambda: scheme.item_ids[0].write({"name": "Another"}),
            lambda: scheme.item_ids[0].unlink(),
            scheme.unlink,
            lambda: scheme.item_ids.create(
                {"scheme_id": scheme.id, "name": "Another", "part": "staff"}
            ),
        ):
            message = self._refused("Duplicate it and change the copy", change)
            self.assertIn(assessment.display_name, message)
        scheme.name = "Renamed"
        copy = scheme.copy()
        self.assertEqual(copy.name, "Renamed (copy)")
        self.assertEqual((copy.weight, len(copy.item_ids)), (100, 15))
        copy.indicator_ids[0].weight = 30
        scheme.action_archive()

    def test_scheme_of_another_company(self):
        scheme = self._create(5, company_id=self.company.id)
        other = self.env["res.company"].create({"name": "Rival"})
        self.env.user.company_ids |= other
        team = self.env["crm.team"].create({"name": "Theirs", "company_id": other.id})
        with self.assertRaises(UserError):
            self.Assessment.create(
                {"team_id": team.id, "company_id": other.id, "scheme_id": scheme.id}
            )
