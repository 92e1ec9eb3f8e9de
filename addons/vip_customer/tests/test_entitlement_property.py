"""Whatever happens to customers, tiers and the matrix, the database says what ``quota`` says.

Every example is a random story: the same steps go through the doors of the programme and through a
plain-Python book of ``quota.Quota``; both must refuse the same and have the same after every step.
"""

from datetime import date, timedelta
from itertools import product
from unittest import skipIf
from unittest.mock import patch

from dateutil.relativedelta import relativedelta

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..tools import quota
from .benefit_common import BenefitCase
from .ledger_check import LedgerCheck

try:
    from hypothesis import HealthCheck, event, given, settings
    from hypothesis import strategies as st
except ImportError:  # the official image has no hypothesis; the skip says so in the log
    st = None

EXAMPLES, STEPS = 30, 14
CUSTOMERS = 2
# the policies in force end with 2028-01-31; then nothing of a year is granted
YEARS = [
    (date(2026, 2, 1), date(2027, 1, 31)),
    (date(2027, 2, 1), date(2028, 1, 31)),
]
DAYS = [
    date(2026, 3, 10),
    date(2026, 3, 31),
    date(2026, 4, 1),
    date(2027, 1, 31),
    date(2027, 2, 1),
    date(2028, 2, 29),
]
# code: period, delivery, one more with each rise
BENEFITS = {
    "YEAR": (quota.YEAR, "on_request", False),
    "MONTH": (quota.MONTH, "on_request", False),
    "ONCE": (quota.ONCE, "on_request", False),
    "CARDS": (quota.ONCE, "automatic", True),
}
TIERS = [0, 1, 2]  # silver, gold, diamond
WAYS = [quota.BLOCK, quota.WARN, quota.ALLOW]


class RefusedError(Exception):
    """The book refuses the step."""


class Book:
    """What ``vip.entitlement`` does, said without a database."""

    def __init__(self):
        self.day = DAYS[0]
        self.tiers = dict.fromkeys(range(CUSTOMERS))
        self.matrix = {}  # (code, tier): quantity
        self.ways = dict.fromkeys(BENEFITS, quota.BLOCK)
        self.keep = dict.fromkeys(BENEFITS, False)
        self.archived = set()
        self.rows = {}  # (customer, code, period, first day): Quota
        self.ledger = []  # [row key, quantity, what can still be returned, state]

    def year(self):
        return next((year for year in YEARS if year[0] <= self.day <= year[1]), None)

    def bounds(self, period):
        if period == quota.MONTH:
            first = self.day.replace(day=1)
            return first, first + relativedelta(months=1) - timedelta(days=1)
        return self.year() if period == quota.YEAR else (self.day, None)

    def last_day(self, key):
        _customer, _code, period, first = key
        if period == quota.MONTH:
            return first + relativedelta(months=1) - timedelta(days=1)
        return dict(YEARS)[first] if period == quota.YEAR else date.max

    def current(self, customer, code):
        return [
            key
            for key in self.rows
            if key[:2] == (customer, code) and key[3] <= self.day <= self.last_day(key)
        ]

    def in_use(self, customer, code):
        """The row that is used now, None without one."""

        def order(key):
            row = self.rows[key]
            has_left = row.is_unlimited or row.remaining > 0
            return not has_left, row.promise is None, self.last_day(key)

        return min(self.current(customer, code), key=order, default=None)

    def is_had(self, key):
        row = self.rows[key]
        return bool(row.promise or row.is_unlimited or row.granted)

    def promise(self, customer, code):
        quantity = self.matrix.get((code, self.tiers[customer]))
        if quantity is None or (quantity == 0 and BENEFITS[code][1] == "automatic"):
            return None
        return quota.Promise(quantity, self.ways[code])

    # ------------------------------------------------------------
    # STEPS
    # ------------------------------------------------------------

    def grant(self, customer):
        for code, (period, _delivery, _extra) in BENEFITS.items():
            if code in self.archived:
                continue
            promise = self.promise(customer, code)
            for key in self.current(customer, code):
                mine = promise if key[2] == period else None
                self.rows[key] = quota.regrant(self.rows[key], mine, self.keep[code])
            has_row = any(key[2] == period for key in self.current(customer, code))
            if promise and not has_row and (bounds := self.bounds(period)):
                self.rows[customer, code, period, bounds[0]] = quota.grant(promise)

    def move(self, customer, tier):
        old, self.tiers[customer] = self.tiers[customer], tier
        if tier is not None and (old is None or tier > old):
            for code, (_period, _delivery, extra) in BENEFITS.items():
                for key in list(self.rows):
                    is_once = key[:3] == (customer, code, quota.ONCE)
                    if extra and is_once and code not in self.archived:
                        self.rows[key] = quota.adjust(self.rows[key], 1)
        self.grant(customer)

    def of(self, customer, code):
        promised = any(self.rows[key].promise for key in self.current(customer, code))
        if not promised and (code, self.tiers[customer]) in self.matrix:
            self.grant(customer)
        return self.in_use(customer, code)

    def redeem(self, customer, code, quantity):
        if self.tiers[customer] is None or code in self.archived:
            raise RefusedError
        key = self.of(customer, code)
        if not key or not self.is_had(key) or not quota.may_use(self.rows[key], quantity):
            raise RefusedError
        self._take(key, quantity)

    def _take(self, key, quantity):
        self.rows[key] = quota.use(self.rows[key], quantity)
        self.ledger.append([key, quantity, quantity, "approved"])

    def cancel(self, index):
        key, quantity, _left, state = self.ledger[index]
        if state != "approved":
            raise RefusedError
        self.rows[key] = quota.use(self.rows[key], -quantity)
        self.ledger[index][3] = "cancelled"

    def deliver(self, index):
        if self.ledger[index][3] != "approved":
            raise RefusedError
        self.ledger[index][3] = "delivered"

    def correct(self, index, quantity):
        key, _quantity, left, state = self.ledger[index]
        if state != "delivered" or quantity > left:
            raise RefusedError
        self.rows[key] = quota.use(self.rows[key], -quantity)
        self.ledger[index][2] -= quantity

    def goodwill(self, customer, code, quantity):
        if self.tiers[customer] is None or (quantity > 0 and code in self.archived):
            raise RefusedError
        key = self.of(customer, code)
        if not key:
            if not self.year():
                raise RefusedError
            key = customer, code, quota.YEAR, self.year()[0]
            self.rows[key] = quota.Quota(None)
        row = self.rows[key]
        if row.is_unlimited or not quota.may_adjust(row, quantity):
            raise RefusedError
        self.rows[key] = quota.adjust(row, quantity)

    def night(self):
        for customer in self.tiers:
            self.grant(customer)
        for customer, code in product(self.tiers, BENEFITS):
            if BENEFITS[code][1] != "automatic" or code in self.archived:
                continue
            if self.tiers[customer] is None:
                continue
            for key in self.current(customer, code):
                row = self.rows[key]
                # what was offered and cancelled or corrected is not offered again
                offered = sum(given for of, given, *_rest in self.ledger if of == key)
                due = min(row.remaining, row.granted - offered)
                if due > 0 and not row.is_unlimited:
                    self._take(key, due)


def story():
    """Strategy for the matrix at the beginning and the steps."""
    customer = st.integers(0, CUSTOMERS - 1)
    code = st.sampled_from(list(BENEFITS))
    quantity = st.none() | st.integers(0, 3)
    tier = st.none() | st.sampled_from(TIERS)
    units = st.integers(1, 3)
    index = st.integers(0, 5)
    redeem = st.tuples(st.just("redeem"), customer, code, units)
    move = st.tuples(st.just("move"), customer, tier)
    step = st.one_of(
        redeem,
        redeem,
        move,
        move,
        st.tuples(st.just("goodwill"), customer, code, st.sampled_from([-2, -1, 1, 2])),
        st.tuples(st.just("cancel"), index),
        st.tuples(st.just("deliver"), index),
        st.tuples(st.just("correct"), index, units),
        st.tuples(st.just("night")),
        st.tuples(st.just("later"), st.integers(1, len(DAYS) - 1)),
        st.tuples(st.just("edit"), code, st.sampled_from(TIERS), quantity),
        st.tuples(st.just("exhaust"), code, st.sampled_from(WAYS)),
        st.tuples(st.just("keep"), code, st.booleans()),
        st.tuples(st.just("archive"), code, st.booleans()),
    )
    matrix = st.fixed_dictionaries(
        {key: quantity for key in product(BENEFITS, TIERS)}  # noqa: C420
    )
    start = st.lists(st.tuples(st.sampled_from(WAYS), st.booleans()), min_size=4, max_size=4)
    return matrix, start, st.lists(step, min_size=STEPS, max_size=STEPS)


@tagged("post_install", "-at_install", "vip_benefit")
@skipIf(st is None, "hypothesis is not installed: the property test of the quota rule was left out")
class TestEntitlementProperty(LedgerCheck, BenefitCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["vip.benefit"].search([]).active = False
        cls._create_policy(name="2027", date_from=YEARS[1][0], date_to=YEARS[1][1])
        cls.tiers = [cls.silver, cls.gold, cls.diamond]
        cls.partners = [cls._create_vip(f"Customer {i}") for i in range(CUSTOMERS)]
        cls.benefits = {
            code: cls._create_benefit(code, delivery=delivery, extra_on_rise=extra, unit_value=0)
            for code, (_period, delivery, extra) in BENEFITS.items()
        }

    def test_database_agrees_with_python(self):
        matrix, start, steps = story()

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(matrix, start, steps)
        def check(matrix, start, steps):
            savepoint = self.env.cr.savepoint(flush=False)
            today = patch.object(type(self.company), "_vip_today", lambda _self: self.book.day)
            self.book = Book()
            try:
                with today:
                    self._tell(matrix, start, steps)
            finally:
                savepoint.close(rollback=True)
                self.env.invalidate_all(flush=False)

        check()

    def _tell(self, matrix, start, steps):
        for (code, tier), quantity in matrix.items():
            self._do_edit(code, tier, quantity)
        for code, (way, keep) in zip(BENEFITS, start, strict=True):
            self._do_exhaust(code, way)
            self._do_keep(code, keep)
        for i in range(CUSTOMERS):
            self._do_move(i, 1)
        self._compare()
        for name, *args in steps:
            event(name)
            getattr(self, f"_do_{name}")(*args)
            self._compare()
        members = self.env["vip.membership"].union(*(p.vip_membership_id for p in self.partners))
        self._check_ledger(members)

    # ------------------------------------------------------------
    # STEPS
    # ------------------------------------------------------------

    def _both(self, name, args, step):
        """The step in the book and through the door: both do it, or both refuse and change nothing."""
        rows = dict(self.book.rows)
        try:
            getattr(self.book, name)(*args)
        except RefusedError:
            self.book.rows = rows
            event(f"{name} refused")
            with self.assertRaises(UserError):
                step()
        else:
            step()

    def _do_move(self, customer, tier):
        if self.book.tiers[customer] != tier:
            self.book.move(customer, tier)
            tier = self.no_tier if tier is None else self.tiers[tier]
            self._move(self.partners[customer], tier)

    def _do_redeem(self, customer, code, quantity):
        partner = self.partners[customer]
        self._both(
            "redeem",
            (customer, code, quantity),
            lambda: self._call(code, quantity, partner=partner, user="boss"),
        )

    def _do_goodwill(self, customer, code, quantity):
        partner = self.partners[customer]
        self._both(
            "goodwill",
            (customer, code, quantity),
            lambda: self._give_goodwill(code, quantity, partner, user="boss"),
        )

    def _entry(self, index):
        """The entry of the ledger, oldest first; None where there are not so many."""
        if index >= len(self.book.ledger):
            return None
        entries = self.Redemption.search(
            [
                ("partner_id", "in", [partner.id for partner in self.partners]),
                ("corrects_id", "=", False),
            ],
            order="id",
        )
        self.assertEqual(len(entries), len(self.book.ledger))
        return entries[index].with_user(self.users["boss"])

    def _do_cancel(self, index):
        if entry := self._entry(index):
            self._both("cancel", (index,), entry.action_cancel)

    def _do_deliver(self, index):
        if entry := self._entry(index):
            self._both("deliver", (index,), entry.action_deliver)

    def _do_correct(self, index, quantity):
        if entry := self._entry(index):
            self._both(
                "correct", (index, quantity), lambda: entry.correct(quantity, "Not delivered")
            )

    def _do_night(self):
        self.book.night()
        self.Line._grant(self.company)
        self.Redemption._give_automatic(self.company)
        self.assertEqual(self.Line._grant(self.company), 0, "a second time writes nothing")
        self.assertEqual(self.Redemption._give_automatic(self.company), 0)

    def _do_later(self, days):
        self.book.day = max(self.book.day, DAYS[days])

    def _do_edit(self, code, tier, quantity):
        before = self.book.matrix.pop((code, tier), None)
        promise = self._promise(self.tiers[tier], code)
        if quantity is None:
            promise.unlink()
            return
        self.book.matrix[code, tier] = quantity
        if before is None:
            values = {"quantity": quantity, "period": BENEFITS[code][0]}
            self._promise_more(self.benefits[code], self.tiers[tier], values)
        else:
            promise.quantity = quantity

    def _do_exhaust(self, code, way):
        self.book.ways[code] = way
        self.benefits[code].when_exhausted = way

    def _do_keep(self, code, keep):
        self.book.keep[code] = keep
        self.benefits[code].keep_on_downgrade = keep

    def _do_archive(self, code, archived):
        (self.book.archived.add if archived else self.book.archived.discard)(code)
        self.benefits[code].active = not archived

    # ------------------------------------------------------------
    # COMPARISON
    # ------------------------------------------------------------

    def _compare(self):
        names = ("granted", "goodwill", "used", "remaining", "is_unlimited", "when_exhausted")
        customers = {partner: i for i, partner in enumerate(self.partners)}
        lines = self.Line.search([("partner_id", "in", [partner.id for partner in self.partners])])
        found = {
            (customers[line.partner_id], line.benefit_id.code, line.period, line.date_from): (
                *(line[name] for name in names),
                quota.Promise(line.quantity, line.when_exhausted) if line.is_promised else None,
                line.date_to or date.max,
            )
            for line in lines
        }
        expected = {
            key: (
                *(getattr(row, name) for name in names),
                row.promise,
                self.book.last_day(key),
            )
            for key, row in self.book.rows.items()
        }
        self.assertEqual(found, expected)
        told_names = ("granted", "used", "remaining")
        for i, partner in enumerate(self.partners):
            told = {
                line["code"]: (line["granted"] is False, *(line[name] for name in told_names))
                for line in partner.with_user(self.users["desk"]).vip_entitlements()
            }
            self.assertEqual(told, self._expected_answer(i))

    def _expected_answer(self, customer):
        answer = {}
        tier = self.book.tiers[customer]
        for code, (period, delivery, _extra) in BENEFITS.items():
            if tier is None or code in self.book.archived:
                continue
            rows = [key for key in self.book.current(customer, code) if self.book.is_had(key)]
            quantity = self.book.matrix.get((code, tier))
            if rows:
                row = self.book.rows[self.book.in_use(customer, code)]
                counted = not row.is_unlimited
                left = counted and row.remaining
                answer[code] = (not counted, counted and row.granted, row.used, left)
            elif quantity is not None:
                is_counted = quantity > 0 or delivery != "automatic"
                has_period = not is_counted or self.book.bounds(period)
                is_unlimited = quantity == 0 and has_period
                left = quantity if has_period else 0
                answer[code] = (bool(is_unlimited), left, 0, left)
        return answer
