"""The SQL evaluation and the pure Python rule agree, whatever the policy, the customers and the bills.

Every example builds a random rule book and a random small book of customers, judges it in SQL, judges it
again customer by customer with ``tier_rules``, and compares every column of every line.
"""

import json
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal
from unittest import skipIf

from odoo import Command
from odoo.tests import tagged
from odoo.tools import SQL

from ..tools import tier_rules, tier_sql
from .common import VipCase

try:
    from hypothesis import HealthCheck, event, given, settings
    from hypothesis import strategies as st
except ImportError:  # the official image has no hypothesis; the skip says so in the log
    st = None

CUSTOMERS = 12
# Few values, so that sums, averages and scores meet bounds exactly.
AMOUNTS = ["-250", "-0.01", "0", "0.01", "33.33", "100", "299.99", "300", "700", "1700.5"]
BOUNDS = [0, 0, 0.01, 33.33, 100, 300, 700]
DAYS = [
    date(2024, 2, 29),
    date(2026, 2, 1),
    date(2026, 2, 28),
    date(2026, 7, 31),
    date(2026, 12, 1),
]
KINDS = [tier_rules.FLOOR, tier_rules.FIXED, tier_rules.EXCLUDE]


def strategies():
    """Strategies for a rule book, and for a customer of a book judged on ``as_of``."""
    points = st.integers(-100, 400)
    rule = st.fixed_dictionaries(
        {
            "tier": st.integers(0, 3),
            "min_average_spend": st.sampled_from(BOUNDS),
            "min_total_spend": st.sampled_from([0, 0, 0, 100, 1000.5, 3600]),
            "min_score": st.sampled_from([0, 0, 1, 300, 3600]),
            "min_tenure_months": st.sampled_from([0, 0, 1, 12, 24]),
        }
    )
    policy = st.fixed_dictionaries(
        {
            "window": st.sampled_from([tier_rules.CALENDAR_YEAR, tier_rules.ROLLING]),
            "window_months": st.integers(1, 14),
            "new_window_months": st.sampled_from([0, 1, 6]),
            "min_tenure_months": st.sampled_from([0, 0, 6]),
            "points_per_unit": st.sampled_from([0, 0.1, 0.3333, 1, 2.5]),
            "arrears_penalty": st.sampled_from([0, 7, 100]),
            "arrears_penalty_max": st.sampled_from([0, 20, 500]),
            "downgrade_step": st.sampled_from([tier_rules.EARNED, tier_rules.ONE_STEP]),
            "downgrade_timing": st.sampled_from([tier_rules.IMMEDIATE, tier_rules.AT_EXPIRY]),
            "grace_days": st.sampled_from([0, 1, 30]),
            "bands": st.dictionaries(st.sampled_from([0, 1, 11, 12, 36]), points, max_size=3),
            "rules": st.lists(rule, max_size=5),
        }
    )
    tier = st.none() | st.integers(0, 3)
    bill = st.fixed_dictionaries(
        {
            "month": st.integers(-26, 1),  # months from the one of as_of
            "number": st.integers(0, 2),  # 0: of no number
            "amount": st.sampled_from(AMOUNTS),
            "arrears": st.sampled_from([0, 0, 1, 3]),
        }
    )
    override = st.fixed_dictionaries(
        {
            "kind": st.sampled_from(KINDS),
            "tier": st.integers(0, 3),
            "first": st.integers(-2, 1),  # days from as_of
            "days": st.integers(0, 2),
            "state": st.sampled_from(["approved", "approved", "approved", "requested", "ended"]),
        }
    )
    customer = st.fixed_dictionaries(
        {
            "joined": st.none() | st.integers(-800, 40),  # days from as_of
            "tier": tier,
            "base": tier,
            "valid": st.none() | st.integers(-32, 2),  # days from as_of
            "is_left": st.sampled_from([False, False, False, True]),
            # one state per number; "passed" has another owner today
            "numbers": st.lists(
                st.sampled_from(["active", "suspended", "cancelling", "closed", "passed"]),
                max_size=2,
            ),
            "bills": st.lists(bill, max_size=8, unique_by=lambda b: (b["month"], b["number"])),
            "override": st.none() | override,
        }
    )
    return policy, customer


@tagged("post_install", "-at_install", "vip_tier")
@skipIf(st is None, "hypothesis is not installed: the property test of the tier rules was left out")
class TestTierRuleProperty(VipCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.platinum = cls.env["vip.tier"].create(
            {"name": "Platinum", "code": "test_platinum", "rank": 40}
        )
        cls.tiers = [cls.silver, cls.gold, cls.diamond, cls.platinum]
        cls.partners = cls.env["res.partner"].create(
            [{"name": f"Customer {i}"} for i in range(CUSTOMERS)]
        )
        cls.env["vip.membership"]._ensure(cls.partners.ids, cls.company)

    def test_sql_agrees_with_python(self):
        policy, customer = strategies()

        @settings(
            max_examples=100,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(
            st.sampled_from(DAYS),
            policy,
            st.permutations([10, 20, 30, 40]),
            st.sampled_from([None, 0, 1, 2, 3]),
            st.lists(customer, min_size=CUSTOMERS, max_size=CUSTOMERS),
        )
        def check(as_of, policy, ranks, archived, customers):
            savepoint = self.env.cr.savepoint(flush=False)
            try:
                self._check_example(as_of, policy, ranks, archived, customers)
            finally:
                savepoint.close(rollback=True)
                self.env.invalidate_all(flush=False)

        check()

    # ------------------------------------------------------------
    # ONE EXAMPLE
    # ------------------------------------------------------------

    def _check_example(self, as_of, policy, ranks, archived, customers):
        for tier, rank in zip(self.tiers, ranks, strict=True):
            tier.rank = rank
        self.env.flush_all()  # one statement swaps all ranks
        if archived is not None:
            self.tiers[archived].active = False
        standard = self._build_policy(policy, as_of)._standard()
        self.env.flush_all()
        self._build_customers(customers, as_of)
        for scope in (tier_rules.ALL, tier_rules.NEW):
            lines = self._judge_in_sql(standard, as_of, scope)
            expected = self._judge_in_python(standard, as_of, scope, customers)
            self.assertEqual(lines, expected)
        one = self.partners[0].id
        self.assertEqual(
            self._judge_in_sql(standard, as_of, tier_rules.ONE, one),
            {
                partner: line
                for partner, line in self._judge_in_python(
                    standard, as_of, tier_rules.ALL, customers
                ).items()
                if partner == one
            },
        )
        some = [partner.id for partner in self.partners[::2]]
        expected = self._judge_in_python(standard, as_of, tier_rules.ALL, customers)
        self.assertEqual(
            self._judge_in_sql(
                standard, as_of, tier_rules.ALL, members=SQL("m.partner_id = ANY(%s)", some)
            ),
            {partner: line for partner, line in expected.items() if partner in some},
        )

    def _build_policy(self, values, as_of):
        values = dict(values)
        rules, bands = values.pop("rules"), values.pop("bands")
        return self.env["vip.tier.policy"].create(
            {
                "name": "Random",
                "company_id": self.company.id,
                "date_from": as_of,
                "date_to": as_of + timedelta(days=300),
                "band_ids": [
                    Command.create({"min_months": months, "points": points})
                    for months, points in bands.items()
                ],
                "rule_ids": [
                    Command.create(
                        {
                            **{name: value for name, value in rule.items() if name != "tier"},
                            "tier_id": self.tiers[rule["tier"]].id,
                        }
                    )
                    for rule in rules
                ],
                **values,
            }
        )

    def _build_customers(self, customers, as_of):
        """Written with SQL: the triggers of the ORM would tidy up what a run must cope with."""
        book = list(zip(self.partners.ids, customers, strict=True))
        cr, company, day = self.env.cr, self.company.id, self._after
        cr.execute_values(
            """UPDATE vip_membership m
                  SET joined_on = v.joined::date, tier_id = v.tier::int, valid_until = v.valid::date,
                      base_tier_id = v.base::int, base_valid_until = v.valid::date,
                      closed_on = v.closed::date
                 FROM (VALUES %s) v (partner, joined, tier, base, valid, closed)
                WHERE m.partner_id = v.partner""",
            [
                (
                    partner,
                    day(as_of, customer["joined"]),
                    self._tier_id(customer["tier"]),
                    self._tier_id(customer["base"]),
                    day(as_of, customer["valid"]),
                    as_of if customer["is_left"] else None,
                )
                for partner, customer in book
            ],
        )
        numbers = cr.execute_values(
            """INSERT INTO vip_service_number (partner_id, company_id, number, state, date_to, closed_on)
               VALUES %s RETURNING number, id""",
            [
                (
                    partner,
                    company,
                    f"{partner}-{i}",
                    "active" if state == "passed" else state,
                    as_of if state == "passed" else None,
                    as_of if state == "closed" else None,
                )
                for partner, customer in book
                for i, state in enumerate(customer["numbers"], start=1)
            ],
            fetch=True,
        )
        numbers = dict(numbers)
        cr.execute_values(
            """INSERT INTO vip_billing_fact
                      (partner_id, company_id, number_id, month, amount, arrears_suspensions)
               VALUES %s""",
            [
                (
                    partner,
                    company,
                    numbers.get(f"{partner}-{bill['number']}"),
                    tier_rules.add_months(as_of, bill["month"]),
                    Decimal(bill["amount"]),
                    bill["arrears"],
                )
                for partner, customer in book
                for bill in self._bills(customer)
            ],
        )
        cr.execute_values(
            """INSERT INTO vip_tier_override (partner_id, company_id, kind, tier_id, date_from, date_to,
                                              state, reason, requested_by)
               VALUES %s""",
            [
                (
                    partner,
                    company,
                    override["kind"],
                    self._override_tier_id(override),
                    *self._override_dates(as_of, override),
                    override["state"],
                    "test",
                    self.env.uid,
                )
                for partner, customer in book
                if (override := customer["override"])
            ],
        )

    @staticmethod
    def _bills(customer):
        """The bills of numbers the customer has, and those of no number."""
        return [bill for bill in customer["bills"] if bill["number"] <= len(customer["numbers"])]

    def _tier_id(self, index):
        return None if index is None else self.tiers[index].id

    @staticmethod
    def _after(as_of, days):
        return None if days is None else as_of + timedelta(days=days)

    # ------------------------------------------------------------
    # TWO JUDGES
    # ------------------------------------------------------------

    def _judge_in_sql(self, standard, as_of, scope, partner_id=None, members=None):
        evaluation = tier_sql.evaluation(
            standard, self.company.id, as_of, scope, partner_id, members
        )
        rows = self.env.execute_query(SQL("SELECT row_to_json(e)::text FROM (%s) e", evaluation))
        lines = [json.loads(text, parse_float=Decimal) for (text,) in rows]
        self.assertFalse(lines and set(lines[0]) ^ set(tier_sql.COLUMNS), "columns as promised")
        self.assertEqual(len(lines), len({line["partner_id"] for line in lines}), "one line each")
        return {line["partner_id"]: line for line in lines}

    def _judge_in_python(self, standard, as_of, scope, customers):
        lines, override_ids = {}, self._override_ids()
        for partner, customer in zip(self.partners, customers, strict=True):
            line = self._judge_one(standard, as_of, scope, partner, customer, override_ids)
            if scope == tier_rules.NEW:
                wanted = line["old_tier_id"] is None and line["movement"] == tier_rules.ENTER
            else:
                names = ["old", "new", "earned", *(["old_base"] if line["is_open"] else [])]
                wanted = any(line[f"{name}_tier_id"] for name in names)
            if wanted:
                event(f"movement {line['movement']}")
                lines[partner.id] = line
        return lines

    def _judge_one(self, standard, as_of, scope, partner, customer, override_ids):
        window = tier_rules.window_of(standard, as_of, scope)
        counted = [
            bill
            for bill in self._bills(customer)
            if window.first <= tier_rules.add_months(as_of, bill["month"]) <= window.last
        ]
        figures = tier_rules.figures_of(
            standard,
            window,
            as_of,
            sum((Decimal(bill["amount"]) for bill in counted), Decimal(0)),
            sum(bill["arrears"] for bill in counted),
            self._after(as_of, customer["joined"]),
        )
        standing = self._standing(as_of, customer)
        rule = tier_rules.earned_rule(standard, figures) if standing.is_open else None
        decision = tier_rules.decide(standard, standing, rule and rule.tier, as_of)
        override = standing.override and override_ids[partner.id]
        valid_until = self._iso(self._after(as_of, customer["valid"]))
        return {
            "membership_id": partner.vip_membership_id.id,
            "partner_id": partner.id,
            "old_tier_id": self._tier_id(customer["tier"]),
            "old_valid_until": valid_until,
            "old_base_tier_id": self._tier_id(customer["base"]),
            "old_base_valid_until": valid_until,
            "total_spend": figures.total,
            "spend_months": figures.months,
            "average_spend": figures.average.quantize(Decimal("0.0001"), ROUND_FLOOR),
            "arrears_count": figures.arrears,
            "tenure_months": figures.tenure,
            "score": figures.score,
            "rule_id": rule and rule.id,
            "earned_tier_id": rule and rule.tier.id,
            "proposed_tier_id": decision.base and decision.base.id,
            "proposed_valid_until": self._iso(decision.base_valid_until),
            "override_id": override,
            "is_open": standing.is_open,
            "base_tier_id": decision.base and decision.base.id,
            "base_valid_until": self._iso(decision.base_valid_until),
            "new_tier_id": decision.tier and decision.tier.id,
            "new_valid_until": self._iso(decision.valid_until),
            "movement": decision.movement,
        }

    def _standing(self, as_of, customer):
        numbers = customer["numbers"]
        return tier_rules.Standing(
            tier=self._plain(customer["tier"]),
            base=self._plain(customer["base"]),
            base_valid_until=self._after(as_of, customer["valid"]),
            is_open=any(state not in ("closed", "passed") for state in numbers)
            if numbers
            else not customer["is_left"],
            override=self._override(as_of, customer["override"]),
        )

    def _override(self, as_of, override):
        if not override or override["state"] != "approved":
            return None
        first, last = self._override_dates(as_of, override)
        if not first <= as_of <= last:
            return None
        tier = None if override["kind"] == tier_rules.EXCLUDE else self._plain(override["tier"])
        return tier_rules.Override(override["kind"], last, tier)

    @staticmethod
    def _override_dates(as_of, override):
        first = as_of + timedelta(days=override["first"])
        return first, first + timedelta(days=override["days"])

    def _override_tier_id(self, override):
        is_exclude = override["kind"] == tier_rules.EXCLUDE
        return None if is_exclude else self._tier_id(override["tier"])

    def _override_ids(self):
        overrides = self.env["vip.tier.override"].search([("partner_id", "in", self.partners.ids)])
        return {override.partner_id.id: override.id for override in overrides}

    def _plain(self, index):
        return None if index is None else self.tiers[index]._plain()

    @staticmethod
    def _iso(day):
        return day and day.isoformat()
