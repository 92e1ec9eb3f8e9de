"""The set-based month end and the slow reckoning of ``tools/kpi.py`` agree, whatever happened.

Every example is a small book of customers whose records become known in three stages. January is computed by
the first stage and frozen, February by the second one and frozen, March is computed by the third one; so
there are late facts of every sort. Every fact is compared, the report along every dimension, and every
frozen month reconciles.
"""

from collections import Counter, defaultdict
from datetime import date, datetime, time, timedelta
from unittest import skipIf

from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.vip_customer.tests.common import VipCase

from ..tools import kpi

try:
    from hypothesis import HealthCheck, event, given, settings
    from hypothesis import strategies as st
except ImportError:  # the official image has no hypothesis; the skip says so in the log
    st = None

CUSTOMERS = 6
MONTHS = [date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)]
# around the ends of months, where it matters
DAYS = [
    date(2025, 12, 5),
    date(2025, 12, 31),
    date(2026, 1, 1),
    date(2026, 1, 12),
    date(2026, 1, 30),
    date(2026, 1, 31),
    date(2026, 2, 1),
    date(2026, 2, 14),
    date(2026, 2, 28),
    date(2026, 3, 1),
    date(2026, 3, 9),
    date(2026, 3, 31),
    date(2026, 4, 2),
]
DIMENSIONS = ("manager_id", "team_id", "tier_id")
MARKS = ("happened_on", "is_late", "is_reopened", "is_unrecorded")
FIGURES = (
    "opening",
    "joined",
    "churned_scheduled",
    "churned_port_out",
    "churned_arrears",
    "left_tier",
    "left_closed",
    "closing",
)


def customers():
    """A strategy for what is known of a customer; owners are positions in the lists of the test."""
    day = st.sampled_from(DAYS)
    cuts = st.lists(day, min_size=1, max_size=4, unique=True).map(sorted)
    kind = st.sampled_from([kpi.SCHEDULED, kpi.PORT_OUT, kpi.ARREARS, kpi.SUSPENSION])
    departure = st.fixed_dictionaries(
        {
            "kind": kind,
            "day": day,
            "remark": st.sampled_from([None, None, kpi.NO_RECORD]),
            "reopened_on": st.none() | day,
            "counts_in": st.sampled_from([None, None, None, *MONTHS]),
        }
    )
    number = st.fixed_dictionaries(
        {
            "entered_on": day,
            "opened_on": st.none() | day,
            "closed_on": st.none() | day,
            "last": st.sampled_from([None, None, None, *DAYS]),
            # the departure that closed it, on the day it closed
            "closed_by": st.none() | departure,
            "departures": st.lists(departure, max_size=1),
        }
    )
    tier = st.sampled_from([None, 0, 0, 1])
    stretch = st.tuples(tier, st.booleans())
    owners = st.tuples(st.sampled_from([None, 0, 1, 2]), st.sampled_from([None, 0, 1]))
    return st.fixed_dictionaries(
        {
            "cuts": cuts,
            "stretches": st.lists(stretch, min_size=4, max_size=4),
            "handovers": cuts,
            "owners": st.lists(owners, min_size=4, max_size=4),
            "is_ended": st.booleans(),
            "numbers": st.lists(number, max_size=2),
            "own": st.lists(departure, max_size=1),
        }
    )


@tagged("post_install", "-at_install", "vip_kpi")
@skipIf(st is None, "hypothesis is not installed: the property test of the month end was left out")
class TestKpiProperty(VipCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partners = cls.env["res.partner"].create(
            [{"name": f"Customer {i}"} for i in range(CUSTOMERS)]
        )
        cls.env["vip.membership"]._ensure(cls.partners.ids, cls.company)
        cls.managers = [cls.users[f"manager_{letter}"].id for letter in "abc"]
        cls.teams = [cls.city.id, cls.county.id]
        cls.tiers = [cls.silver.id, cls.gold.id]
        # the book is rewritten between the stages
        for table in ("vip_tier_history", "vip_manager_assignment"):
            cls.env.cr.execute(SQL("ALTER TABLE %s DISABLE TRIGGER USER", SQL.identifier(table)))
        cls.env.flush_all()

    def test_sql_agrees_with_python(self):
        book = st.lists(customers(), min_size=CUSTOMERS, max_size=CUSTOMERS)
        changes = st.dictionaries(st.integers(0, CUSTOMERS - 1), customers(), max_size=3)

        @settings(
            max_examples=60,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(book, changes, changes)
        def check(book, second, third):
            savepoint = self.env.cr.savepoint(flush=False)
            try:
                self._check_example(book, second, third)
            finally:
                savepoint.close(rollback=True)
                self.env.invalidate_all(flush=False)

        check()

    # ------------------------------------------------------------
    # ONE EXAMPLE
    # ------------------------------------------------------------

    def _check_example(self, book, *changes):
        known = {}  # partner -> {month: fact}
        for n, month in enumerate(MONTHS):
            if n:
                book = [changes[n - 1].get(i, customer) for i, customer in enumerate(book)]
            people = self._write(book)
            expected = {}
            for partner, customer in people.items():
                facts = known.setdefault(partner, {})
                frozen = n and kpi.Frozen(
                    self._closed_with(facts.get(MONTHS[n - 1])),
                    MONTHS[0],
                    max(
                        (m for m, fact in facts.items() if fact.opening + fact.joined), default=None
                    ),
                )
                if fact := kpi.fact(customer, month, frozen or None):
                    expected[partner] = facts[month] = fact
                    self._note(fact)
            record = self.env["vip.kpi.month"].create({"month": month})
            record.action_compute()
            self._compare(record, expected)
            if n < 2:
                record.action_freeze()

    def _closed_with(self, fact):
        return fact.end if fact and fact.closing else None

    def _note(self, fact):
        """What the examples are about, for ``--hypothesis-show-statistics``."""
        for name in (
            "churned_arrears",
            "churned_port_out",
            "left_tier",
            "left_closed",
            "is_late",
            "is_reopened",
        ):
            if getattr(fact, name):
                event(name)

    def _write(self, book):
        """Make this the book of the company, and say it in the words of ``kpi``."""
        self.env.flush_all()
        cr, ids = self.env.cr, self.partners.ids
        for table in (
            "vip_departure",
            "vip_service_number",
            "vip_tier_history",
            "vip_manager_assignment",
        ):
            cr.execute(SQL("DELETE FROM %s WHERE partner_id = ANY(%s)", SQL.identifier(table), ids))
        people = {
            partner: self._write_customer(partner, values)
            for partner, values in zip(ids, book, strict=True)
        }
        self.env.invalidate_all(flush=False)
        return people

    def _write_customer(self, partner, values):
        history = []
        for i, (first, last) in enumerate(self._spans(values["cuts"], values["is_ended"])):
            tier, is_replaced = values["stretches"][i]
            if is_replaced:
                gone = kpi.Stretch(self.tiers[1], first, first - timedelta(days=1))
                history.append(gone)
            history.append(kpi.Stretch(None if tier is None else self.tiers[tier], first, last))
        assignments = [
            kpi.Assignment(
                *(
                    None if position is None else ids[position]
                    for position, ids in zip(
                        values["owners"][i], (self.managers, self.teams), strict=True
                    )
                ),
                first,
                last,
            )
            for i, (first, last) in enumerate(self._spans(values["handovers"], False))
        ]
        self._insert(
            "vip_tier_history",
            partner,
            [
                {"tier_id": s.tier, "date_from": s.first, "date_to": s.last, "source": "run"}
                for s in history
            ],
        )
        self._insert(
            "vip_manager_assignment",
            partner,
            [
                {
                    "manager_id": a.manager,
                    "team_id": a.team,
                    "date_from": a.first,
                    "date_to": a.last,
                }
                for a in assignments
            ],
        )
        numbers, departures = [], []
        for n, number in enumerate(values["numbers"]):
            [number_id] = self._insert(
                "vip_service_number",
                partner,
                [
                    {
                        "number": f"{partner}-{n}",
                        "state": "closed" if number["closed_on"] else "active",
                        "create_date": datetime.combine(number["entered_on"], time(4)),
                        "activated_on": number["opened_on"],
                        "closed_on": number["closed_on"],
                        "date_to": number["last"],
                    }
                ],
            )
            numbers.append(
                kpi.Number(
                    number_id,
                    number["entered_on"],
                    number["opened_on"],
                    number["closed_on"],
                    number["last"],
                )
            )
            found = list(number["departures"])
            if number["closed_on"] and number["closed_by"]:
                found.append({**number["closed_by"], "day": number["closed_on"]})
            departures += [self._write_departure(partner, number_id, d) for d in found]
        departures += [self._write_departure(partner, None, d) for d in values["own"]]
        return kpi.Customer(history, assignments, numbers, departures)

    @staticmethod
    def _spans(cuts, is_ended):
        """The stretches that begin on these days; the last one is open, or ends with the last day."""
        lasts = [day - timedelta(days=1) for day in cuts[1:]]
        spans = list(zip(cuts, [*lasts, None], strict=True))
        return spans[:-1] if is_ended else spans

    def _write_departure(self, partner, number_id, values):
        [departure_id] = self._insert(
            "vip_departure",
            partner,
            [
                {
                    "number_id": number_id,
                    "kind": values["kind"],
                    "effective_on": values["day"],
                    "remark": values["remark"],
                    "reopened_on": values["reopened_on"],
                    "counts_in": values["counts_in"],
                    "state": "effective",
                    "source": "work_record",
                }
            ],
        )
        return kpi.Departure(
            departure_id,
            number_id,
            values["kind"],
            values["day"],
            values["remark"],
            values["reopened_on"],
            values["counts_in"],
        )

    def _insert(self, table, partner, rows):
        if not rows:
            return []
        found = self.env.execute_query(
            SQL(
                "INSERT INTO %s (%s) VALUES %s RETURNING id",
                SQL.identifier(table),
                SQL(", ").join(map(SQL.identifier, ("partner_id", "company_id", *rows[0]))),
                SQL(", ").join(
                    SQL("%s", (partner, self.company.id, *row.values())) for row in rows
                ),
            )
        )
        return [row_id for [row_id] in found]

    # ------------------------------------------------------------
    # COMPARED
    # ------------------------------------------------------------

    def _compare(self, record, expected):
        rows = self.env["vip.kpi.fact"].search([("month_id", "=", record.id)])
        self.assertEqual(
            {
                row.partner_id.id: {
                    "start": tuple(row[f"start_{name}"].id or None for name in DIMENSIONS)
                    if row.opening
                    else None,
                    "end": tuple(row[name].id or None for name in DIMENSIONS),
                    **{name: row[name] or None for name in MARKS},
                    **{name: row[name] for name in FIGURES},
                }
                for row in rows
            },
            {
                partner: {
                    "start": fact.start and tuple(fact.start),
                    "end": tuple(fact.end),
                    **{name: getattr(fact, name) or None for name in MARKS},
                    **{name: getattr(fact, name) for name in FIGURES},
                }
                for partner, fact in expected.items()
            },
        )
        for dimensions in ((), *((name,) for name in DIMENSIONS), DIMENSIONS):
            self._compare_report(record, expected, dimensions)

    def _compare_report(self, record, expected, dimensions):
        groups = defaultdict(Counter)
        for fact in expected.values():
            for owners, row in kpi.rows(fact):
                named = dict(zip(DIMENSIONS, owners, strict=True))
                groups[tuple(named[name] for name in dimensions)].update(row)
        names = (*kpi.COUNTS, "churned", "average")
        rates = ("churn_rate", "off_net_rate")
        found = self.env["vip.kpi.report"]._read_group(
            [("month_id", "=", record.id)],
            list(dimensions),
            [f"{name}:sum" for name in names] + [f"{name}:avg" for name in rates],
        )
        figures = {
            tuple(owner.id or None for owner in row[: len(dimensions)]): row[len(dimensions) :]
            for row in found
        }
        if not expected:
            return
        self.assertEqual(figures.keys(), groups.keys())
        for owners, group in groups.items():
            self.assertEqual(kpi.difference(group), 0)
            *sums, churn_rate, off_net_rate = figures[owners]
            self.assertEqual(
                sums,
                [*(group[name] for name in kpi.COUNTS), kpi.churned(group), kpi.average(group)],
            )
            # nothing below the line is no figure, which Odoo reads as 0
            self.assertAlmostEqual(churn_rate or 0, kpi.churn_rate(group) or 0)
            self.assertAlmostEqual(off_net_rate or 0, kpi.off_net_rate(group) or 0)
