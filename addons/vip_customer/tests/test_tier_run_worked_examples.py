from datetime import date

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import freeze_time, tagged

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

    # ------------------------------------------------------------
    # DOWNGRADES
    # ------------------------------------------------------------

    def _create_diamond(self, policy_2025=None):
        """A diamond customer of last year, valid until 2026-01-31, with the facts of the example."""
        bills = {**self._year(2000, year=2024), **self._year(650, arrears=1)}
        partner = self._create_customer("Diamond", bills, number="13700137000")
        self._assess(policy_2025 or self._create_policy_2025(), as_of="2025-02-01")
        self.assertEqual(partner.vip_tier_id, self.diamond)
        return partner

    def _create_policy_2025(self, date_to="2026-01-31"):
        return self._create_policy(name="Standard 2025", date_from="2025-02-01", date_to=date_to)

    def test_one_step_down(self):
        """Diamond with the facts of silver goes to gold, the day after its validity."""
        partner = self._create_diamond()
        run = self._assess(self._create_policy())
        line = self._line(run, partner)
        self.assertEqual((line.earned_tier_id, line.new_tier_id), (self.silver, self.gold))
        self.assertEqual(line.movement, "down")
        self.assertIn("One step down at most.", line.reason)
        self.assertEqual(
            self._history(partner),
            [("diamond", "2025-02-01", "2026-01-31", "run"), ("gold", "2026-02-01", False, "run")],
        )

    def test_one_step_never_below_earned(self):
        partner = self._create_diamond()
        self._create_bills(partner, {"2025-01-01": 600})  # average 700
        line = self._line(self._compute_run(self._create_policy()), partner)
        self.assertEqual((line.earned_tier_id, line.new_tier_id), (self.gold, self.gold))
        self.assertNotIn("One step", line.reason)

    def test_one_step_where_nothing_is_earned(self):
        partner = self._create_diamond()
        self._create_bills(partner, {"2025-01-01": -7000})
        line = self._line(self._compute_run(self._create_policy()), partner)
        self.assertEqual((line.earned_tier_id.id, line.new_tier_id), (False, self.gold))

    def test_earned_step(self):
        partner = self._create_diamond()
        policy = self._create_policy(downgrade_step="earned")
        self.assertEqual(self._line(self._compute_run(policy), partner).new_tier_id, self.silver)

    def test_hold_until_expiry(self):
        """On hold nothing changes, and the account manager gets one task."""
        policy_2025 = self._create_policy_2025(date_to="2026-02-28")
        partner = self._create_diamond(policy_2025)
        member = partner.vip_membership_id
        member.manager_id = self.users["manager_a"]
        policy_2025.action_close()
        policy = self._create_policy()
        run = self._assess(policy, as_of="2026-02-28")
        line = self._line(run, partner)
        self.assertEqual((line.movement, line.new_tier_id), ("hold", self.diamond))
        self.assertIn("On hold: the tier is valid until", line.reason)
        self.assertEqual(str(member.valid_until), "2026-02-28")
        self.assertEqual(self._history(partner), [("diamond", "2025-02-01", False, "run")])
        self.assertRecordValues(
            member.activity_ids,
            [
                {
                    "user_id": self.users["manager_a"].id,
                    "date_deadline": date(2026, 2, 28),
                    "activity_type_id": self.env.ref(
                        "vip_customer.mail_activity_type_tier_warning"
                    ).id,
                }
            ],
        )
        self._assess(policy, as_of="2026-02-28")
        self.assertEqual(len(member.activity_ids), 1, "one task at a time")
        self._assess(policy, as_of="2026-03-01")
        self.assertEqual(partner.vip_tier_id, self.gold)

    def test_grace(self):
        partner = self._create_diamond()
        policy = self._create_policy(grace_days=10)
        for day, movement in (("2026-02-10", "hold"), ("2026-02-11", "down")):
            line = self._line(self._compute_run(policy, as_of=day), partner)
            self.assertEqual(line.movement, movement, day)

    def test_immediate(self):
        policy_2025 = self._create_policy_2025(date_to="2026-02-28")
        partner = self._create_diamond(policy_2025)
        policy = self._create_policy(in_force=False, downgrade_timing="immediate")
        self.assertEqual(self._line(self._compute_run(policy), partner).movement, "down")

    def test_upgrade_at_once(self):
        """A tier rises whatever its validity."""
        self._create_customer("Silver", self._year(400), number="13700137000")
        policy = self._create_policy()
        partner = self._assess(policy).line_ids.partner_id
        self._create_bills(partner, {"2025-01-01": 9000})
        line = self._line(self._assess(policy, as_of="2026-02-02"), partner)
        self.assertEqual(line.movement, "up")

    # ------------------------------------------------------------
    # FIGURES
    # ------------------------------------------------------------

    def test_tenure_has_no_month_end_rounding(self):
        """31 August to 28 February is 5 months: too few for the preset's 6."""
        short = self._create_customer("31st", self._year(400), joined_on="2025-08-31")
        long = self._create_customer("28th", self._year(400), joined_on="2025-08-28")
        run = self._compute_run(self._create_policy(), as_of="2026-02-28")
        self.assertFalse(self._line(run, short))
        self.assertEqual(self._line(run, long).tenure_months, 6)

    def test_average_from_the_month_of_joining(self):
        """Joined on 20 July: six months count; a month without a bill counts as zero."""
        bills = {f"2025-{month:02}-01": 420 for month in (7, 8, 9, 10, 11)}
        partner = self._create_customer("Summer", bills, joined_on="2025-07-20")
        line = self._line(self._compute_run(self._create_policy()), partner)
        self.assertEqual((line.spend_months, line.average_spend), (6, 350))

    def test_average_of_an_unknown_joining_date(self):
        partner = self._create_customer("Unknown", {"2025-12-01": 3600}, joined_on=False)
        policy = self._create_policy(in_force=False, min_tenure_months=0)
        line = self._line(self._compute_run(policy), partner)
        self.assertEqual((line.spend_months, line.average_spend, line.score), (12, 300, 3600))
        self.assertEqual(line.new_tier_id, self.silver)

    def test_numbers_are_summed(self):
        """Bills of closed numbers count, credit notes count negatively."""
        partner = self._create_customer("Two numbers", self._year(200), number="13800138000")
        second = self.env["vip.service.number"].create(
            {"partner_id": partner.id, "number": "13900139000", "activated_on": "2023-01-01"}
        )
        self._create_bills(partner, self._year(150), second)
        self._create_bills(partner, {"2025-05-01": -600})
        second.write({"state": "closed", "closed_on": "2026-01-31"})
        line = self._line(self._compute_run(self._create_policy()), partner)
        self.assertEqual((line.total_spend, line.average_spend), (3600, 300))

    def test_score_of_a_credit_balance(self):
        """A negative total gives no spend points, the penalty counts, at most 500."""
        partner = self._create_diamond()
        self._create_bills(partner, {"2025-01-01": (-9000, 9)})
        line = self._line(self._compute_run(self._create_policy()), partner)
        self.assertEqual((line.total_spend, line.average_spend), (-1200, -100))
        self.assertEqual(line.score, 200 - 500)

    def test_floor_is_taken_once(self):
        partner = self._create_diamond()
        self._create_bills(partner, {"2025-01-01": 0.99})
        policy = self._create_policy(in_force=False, points_per_unit=0.1)
        line = self._line(self._compute_run(policy), partner)
        self.assertEqual(line.score, 780 + 200 - 100)

    # ------------------------------------------------------------
    # TIERS CHANGE
    # ------------------------------------------------------------

    def test_archived_tier_is_not_earned(self):
        partner = self._create_diamond()
        self._create_bills(partner, {"2025-01-01": 9000})  # average 1400
        policy = self._create_policy(in_force=False)
        self.gold.active = False
        line = self._line(self._compute_run(policy), partner)
        self.assertEqual((line.earned_tier_id, line.new_tier_id), (self.silver, self.silver))

    def test_archived_tier_is_kept_until_a_run_decides(self):
        partner = self._create_diamond()
        self.diamond.active = False
        self.assertEqual(partner.vip_tier_id, self.diamond)
        line = self._line(self._compute_run(self._create_policy()), partner)
        self.assertEqual((line.new_tier_id, line.movement), (self.gold, "down"))

    def test_tier_put_between(self):
        """A new tier between gold and diamond is the next step down."""
        partner = self._create_diamond()
        platinum = self.env["vip.tier"].create({"name": "P", "code": "test_p", "rank": 25})
        policy = self._create_policy()
        self.assertEqual(self._line(self._compute_run(policy), partner).new_tier_id, platinum)

    def test_tiers_swap(self):
        """Where gold ranks above diamond, the facts of diamond are worth gold."""
        partner = self._create_customer("Big", self._year(2000))
        policy = self._create_policy()
        self.gold.rank, self.diamond.rank = 30, 20
        policy.rule_ids.invalidate_recordset()
        run = self.env["vip.tier.run"].create({"policy_id": policy.id, "as_of": "2026-02-01"})
        with self.assertRaisesRegex(ValidationError, "The rule “Gold: .* but less"):
            run.action_compute()
        run._compute_lines()
        self.assertEqual(self._line(run, partner).new_tier_id, self.gold)

    # ------------------------------------------------------------
    # SUPPLEMENTARY RUN
    # ------------------------------------------------------------

    def test_supplementary_run(self):
        """The six full months before the run, for customers without a tier; nobody moves otherwise."""
        spring = {f"2026-{month:02}-01": 400 for month in range(4, 10)}
        new = self._create_customer("Joined in March", spring, joined_on="2026-03-15")
        young = self._create_customer("Joined in May", spring, joined_on="2026-05-15")
        old = self._create_customer("Silver", self._year(400))
        policy = self._create_policy()
        self._assess(policy)
        self._create_bills(old, dict.fromkeys(spring, 9000))
        with freeze_time("2026-10-10 02:00:00"):
            run = self._assess(policy, as_of="2026-10-10", scope="new")
        self.assertEqual(run.line_ids.partner_id, new)
        self.assertEqual(run.line_ids.movement, "enter")
        self.assertEqual((run.line_ids.total_spend, run.line_ids.spend_months), (2400, 6))
        self.assertEqual(new.vip_tier_id, self.silver)
        self.assertFalse(young.vip_tier_id, "with us for 4 months, the preset asks 6")
        self.assertEqual(old.vip_tier_id, self.silver)

    def test_supplementary_run_with_the_window_of_everybody(self):
        self._create_customer("Old", self._year(400))
        policy = self._create_policy(in_force=False, new_window_months=0)
        run = self._compute_run(policy, as_of="2026-03-10", scope="new")
        self.assertEqual((run.line_ids.total_spend, run.line_ids.spend_months), (4800, 12))
