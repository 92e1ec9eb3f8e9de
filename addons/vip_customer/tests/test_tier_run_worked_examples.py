from datetime import date

from odoo import Command
from odoo.tests import tagged

from .common import VipCase


@tagged("post_install", "-at_install", "vip_tier")
class TestWorkedExamples(VipCase):
    """The examples that the design and the standard tell in words."""

    def _line(self, run, partner):
        return run.line_ids.filtered(lambda line: line.partner_id == partner)

    def test_preset_silver(self):
        """12 x 650, 40 months, one suspension: total 7800, average 650, score 7900, silver."""
        partner = self._create_customer("Silver", self._year(650, arrears=1))
        run = self._compute_run(self._create_policy())
        self.assertRecordValues(
            self._line(run, partner),
            [
                {
                    "total_spend": 7800,
                    "average_spend": 650,
                    "score": 7900,
                    "tenure_months": 40,
                    "arrears_count": 1,
                    "earned_tier_id": self.silver.id,
                    "new_tier_id": self.silver.id,
                    "movement": "enter",
                }
            ],
        )
        self.assertFalse(partner.vip_tier_id, "computing writes nothing outside the run")

    def test_loyalty_lifts_until_a_suspension(self):
        kept = self._create_customer("Loyal", self._year(690))
        fined = self._create_customer("Fined", self._year(690, arrears=1))
        run = self._compute_run(self._create_policy())
        self.assertEqual(self._line(run, kept).score, 8480)
        self.assertEqual(self._line(run, kept).new_tier_id, self.gold)
        self.assertEqual(self._line(run, fined).score, 8380)
        self.assertEqual(self._line(run, fined).new_tier_id, self.silver)

    def test_bound_inclusive(self):
        exact = self._create_customer("Exact", self._year(700))
        below = self._create_customer("Below", {**self._year(700), date(2025, 3, 1): 699.99})
        run = self._compute_run(self._create_policy(band_ids=[Command.clear()]))
        self.assertEqual(self._line(run, exact).new_tier_id, self.gold)
        self.assertEqual(self._line(run, below).new_tier_id, self.silver)
        self.assertEqual(self._line(run, below).average_spend, 699.9991)

    def test_apply(self):
        partner = self._create_customer("Silver", self._year(650), number="138 0013 8000")
        run = self._assess(self._create_policy())
        self.assertEqual(run.state, "applied")
        self.assertRecordValues(
            partner.vip_membership_id,
            [
                {
                    "tier_id": self.silver.id,
                    "base_tier_id": self.silver.id,
                    "valid_until": run.policy_id.date_to,
                    "since": run.as_of,
                    "movement": "enter",
                }
            ],
        )
        self.assertEqual(self._history(partner), [("silver", "2026-02-01", False, "run")])
        explanation = partner.with_user(self.users["boss"]).vip_explain_tier()
        self.assertEqual(explanation["earned"], "silver")
