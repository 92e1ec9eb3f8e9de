from psycopg2.errors import CheckViolation, ExclusionViolation, UniqueViolation

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import html2plaintext

from .common import VipCase


@tagged("post_install", "-at_install", "vip_tier")
class TestTierPolicy(VipCase):
    # ------------------------------------------------------------
    # ONE IN FORCE
    # ------------------------------------------------------------

    def test_one_in_force_per_company_and_day(self):
        self._create_policy()
        same_time = self._create_policy(
            in_force=False, date_from="2027-01-31", date_to="2027-12-31"
        )
        with self._violates(ExclusionViolation, "vip_tier_policy_in_force_once"):
            same_time.action_open()
        next_year = self._create_policy(date_from="2027-02-01", date_to="2028-01-31")
        elsewhere = self._create_policy(company_id=self.env["res.company"].create({"name": "B"}).id)
        self.assertEqual((next_year + elsewhere).mapped("state"), ["in_force", "in_force"])

    def test_closed_makes_room(self):
        first = self._create_policy()
        first.action_close()
        self.assertEqual(self._create_policy().state, "in_force")

    def test_ends_before_it_begins(self):
        with self._violates(CheckViolation, "vip_tier_policy_date_order"):
            self._create_policy(in_force=False, date_to="2026-01-31")

    def test_states(self):
        policy = self._create_policy(in_force=False)
        with self.assertRaisesRegex(UserError, "is Draft; only a policy in force can be closed"):
            policy.action_close()
        policy.action_open()
        with self.assertRaisesRegex(UserError, "is In force; only a draft can be put in force"):
            policy.action_open()
        policy.action_close()
        with self.assertRaisesRegex(UserError, "is Out of force; only a draft can be put in force"):
            policy.action_open()

    def test_without_rules_not_in_force(self):
        policy = self._create_policy(in_force=False, rule_ids=False)
        with self.assertRaisesRegex(ValidationError, "has no rules"):
            policy.action_open()

    # ------------------------------------------------------------
    # EVIDENCE
    # ------------------------------------------------------------

    def test_not_editable(self):
        policy = self._create_policy()
        for state in ("In force", "Out of force"):
            attempts = {
                "policy": lambda: policy.write({"grace_days": 3}),
                "rule": lambda: policy.rule_ids[0].write({"min_score": 1}),
                "band": lambda: policy.band_ids[0].write({"points": 1}),
                "add rule": lambda: policy.write(
                    {"rule_ids": [Command.create({"tier_id": self.gold.id})]}
                ),
                "add band": lambda: self.env["vip.tier.band"].create(
                    {"policy_id": policy.id, "min_months": 1, "points": 1}
                ),
                "delete rule": lambda: policy.rule_ids[0].unlink(),
                "delete band": lambda: policy.band_ids[0].unlink(),
            }
            for name, attempt in attempts.items():
                with (
                    self.subTest(name, state=state),
                    self.assertRaisesRegex(UserError, f"is {state} and cannot be edited"),
                    self.env.cr.savepoint(),
                ):
                    attempt()
            with self.assertRaisesRegex(UserError, "is or was in force"):
                policy.unlink()
            if policy.state == "in_force":
                policy.action_close()

    def test_rule_does_not_move_into_a_policy_in_force(self):
        policy, draft = self._create_policy(), self._create_policy(in_force=False)
        with self.assertRaisesRegex(UserError, "cannot be edited"):
            draft.rule_ids[0].policy_id = policy

    def test_tier_order_changes_under_a_policy_in_force(self):
        policy = self._create_policy()
        self.gold.rank = 25
        self.assertIn(25, policy.rule_ids.mapped("tier_rank"))

    # ------------------------------------------------------------
    # MAKING ONE
    # ------------------------------------------------------------

    def test_copy_is_next_year_s(self):
        policy = self._create_policy()
        copy = policy.copy()
        self.assertEqual(copy.state, "draft")
        self.assertEqual((str(copy.date_from), str(copy.date_to)), ("2027-02-01", "2028-01-31"))
        self.assertEqual(copy.name, "Standard 2026 (next)")
        self.assertEqual((len(copy.rule_ids), len(copy.band_ids)), (6, 3))
        copy.rule_ids[0].min_average_spend = 1

    def test_copy_ends_with_february(self):
        policy = self._create_policy(date_from="2026-03-01", date_to="2027-02-28")
        self.assertEqual(str(policy.copy().date_to), "2028-02-29")

    def test_preset(self):
        policy = self.env["vip.tier.policy"].create({"name": "Blank"})
        self.assertEqual(
            (policy.points_per_unit, policy.arrears_penalty, policy.grace_days), (1, 0, 0)
        )
        self.assertEqual((policy.downgrade_step, policy.downgrade_timing), ("earned", "immediate"))
        self.assertEqual((str(policy.date_from), str(policy.date_to)), ("2026-02-01", "2027-01-31"))
        following = self.env["vip.tier.policy"].create({"name": "The year after"})
        self.assertEqual(str(following.date_from), "2027-02-01")
        policy.action_fill_preset()
        self.assertEqual(
            sorted(
                (rule.tier_id.code, rule.min_average_spend, rule.min_score, rule.min_tenure_months)
                for rule in policy.rule_ids
            ),
            [
                ("diamond", 0, 20400, 12),
                ("diamond", 1700, 0, 0),
                ("gold", 0, 8400, 12),
                ("gold", 700, 0, 0),
                ("silver", 0, 3600, 12),
                ("silver", 300, 0, 0),
            ],
        )
        with self.assertRaisesRegex(UserError, "has rules or bands already"):
            policy.action_fill_preset()

    def test_preview_while_editing(self):
        """The counts follow bounds that are not saved yet, also those of the other rules."""
        for i, amount in enumerate((100, 400, 500, 800)):
            self._create_customer(f"Customer {i}", self._year(amount))
        policy = self._create_policy(in_force=False, band_ids=False, rule_ids=False)
        with Form(policy.with_user(self.users["boss"])) as form:
            for tier, bound in ((self.silver, 300), (self.gold, 700)):
                with form.rule_ids.new() as rule:
                    rule.tier_id = tier
                    rule.min_average_spend = bound
            self.assertEqual(self._form_counts(form), {self.silver.id: 2, self.gold.id: 1})
            gold = [r["tier_id"] for r in form.rule_ids._records].index(self.gold.id)
            with form.rule_ids.edit(gold) as rule:
                rule.min_average_spend = 500
            self.assertEqual(self._form_counts(form), {self.silver.id: 1, self.gold.id: 2})
            self.assertIn("Gold 2", " ".join(html2plaintext(form.book_preview).split()))

    @staticmethod
    def _form_counts(form):
        return {rule["tier_id"]: rule["customer_count"] for rule in form.rule_ids._records}

    def test_percentiles(self):
        for i in range(1, 101):
            self._create_customer(f"Customer {i}", {"2025-01-01": 12 * i}, joined_on=False)
        values = self._create_policy()._book_preview_values()
        self.assertEqual(values["customers"], 100)
        averages = {percent: float(average) for percent, average, _score in values["percentiles"]}
        self.assertEqual(averages, {50: 50, 75: 75, 90: 90, 95: 95, 98: 98, 99: 99})

    # ------------------------------------------------------------
    # TIERS
    # ------------------------------------------------------------

    def test_used_tier_is_not_deleted(self):
        policy = self._create_policy()
        with self.assertRaisesRegex(UserError, "The tier “Gold” is part of a policy .* Archive it"):
            self.gold.unlink()
        policy.action_close()
        self.gold.active = False
        new = self.env["vip.tier"].create({"name": "Bronze", "code": "test_bronze", "rank": 5})
        new.unlink()
        self.assertFalse(new.exists())

    def test_ranks_and_codes_are_unique(self):
        with self._violates(UniqueViolation, "vip_tier_rank_uniq"):
            self.env["vip.tier"].create({"name": "Other", "code": "test_other", "rank": 20})
        with self._violates(UniqueViolation, "vip_tier_code_uniq"):
            self.env["vip.tier"].create({"name": "Other", "code": "gold", "rank": 21})
        with self._violates(CheckViolation, "vip_tier_rank_positive"):
            self.env["vip.tier"].create({"name": "Other", "code": "test_other", "rank": 0})

    def test_ranks_swap_in_one_statement(self):
        self.gold.rank, self.diamond.rank = 30, 20
        self.env.flush_all()
        self.assertEqual(self.env["vip.tier"].search([])[0], self.gold)
