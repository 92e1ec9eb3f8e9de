"""How likely a customer is to leave, free of the ORM: what speaks for it, and the score (``standard.md`` 8).

A signal counts in full while it holds or is inside its window, and not at all afterwards; only the account
manager's colour fades. What is not known counts nothing and is told as unknown. The same rule for a whole
book of customers is ``risk_sql.py``; a property test shows that both agree.

Dates are days of the company's calendar; moments are naive UTC, as Odoo keeps them.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

from odoo.addons.vip_customer.tools.tier_rules import add_months

LOW, MEDIUM, HIGH = "low", "medium", "high"
MOST = 100
MEDIUM_FROM, HIGH_FROM = 30, 60
RED, AMBER, GREEN = "red", "amber", "green"
# Months of the average of today, and of that it is compared with.
RECENT_MONTHS, EARLIER_MONTHS = 3, 6
# The last month whose bills are all in is one of so many, or nothing is known of the bills.
STALE_MONTHS = 3
DAY, MONTH = "day", "month"
# What is worked out from facts, in the order of the standard. Others are recorded by people and imports.
RULES = (
    "leaving",
    "suspended",
    "drop",
    "zero",
    "arrears",
    "complaint",
    "repeat",
    "rating",
    "contract",
    "silence",
    "unused",
    "tier",
    "missed",
    "late",
    "gift",
)
RECORDED, PULSE = "recorded", "pulse"


class Signal(NamedTuple):
    """One kind of signal: what it counts, in full and less, from which thresholds, and how long."""

    id: int
    rule: str
    points: int
    points_less: int = 0
    threshold: int = 0
    threshold_less: int = 0
    span: int = 0
    span_unit: str = DAY

    def first_day(self, today: date) -> date:
        """The first day of the window that ends today.

        >>> day = date(2026, 8, 31)
        >>> print(Signal(1, "late", 10, span=90).first_day(day))
        2026-06-02
        >>> print(Signal(1, "missed", 8, span=6, span_unit=MONTH).first_day(day))
        2026-02-28
        """
        if self.span_unit == MONTH:
            return today - relativedelta(months=self.span)
        return today - timedelta(days=self.span)


class Bill(NamedTuple):
    month: date
    amount: Decimal
    arrears: int = 0


class Request(NamedTuple):
    """A service request that was not cancelled."""

    is_complaint: bool
    cause: int | None
    opened_on: date
    resolve_by: datetime | None
    resolved_at: datetime | None  # None while it is open
    stood_from: datetime | None = None  # since when the clock stands
    due_on: date | None = None  # day of ``resolve_by``

    def is_late(self, now: datetime) -> bool:
        """Resolved after its deadline, or open beyond it; a clock that stands runs up nothing.

        >>> by = datetime(2026, 3, 9, 10)
        >>> late, now = Request(True, 1, date(2026, 3, 1), by, None), datetime(2026, 3, 10)
        >>> late.is_late(now), late._replace(resolved_at=by).is_late(now)
        (True, False)
        >>> late._replace(stood_from=datetime(2026, 3, 8)).is_late(now)
        False
        """
        if not self.resolve_by:
            return False
        if self.resolved_at:
            return self.resolved_at > self.resolve_by
        return (self.stood_from or now) >= self.resolve_by


class Right(NamedTuple):
    """What he has of a benefit in one year, where it is counted: not unlimited, and worth something."""

    date_from: date
    date_to: date
    granted: Decimal
    used: Decimal


@dataclass(frozen=True)
class Customer:
    """The facts about one customer with whom nothing is over yet."""

    joined_on: date | None = None
    departures: int = 0  # announced
    suspended: int = 0  # of his open numbers
    contract_ends: tuple[date, ...] = ()  # of his open numbers, where known
    bills: tuple[Bill, ...] = ()
    requests: tuple[Request, ...] = ()
    ratings: tuple[tuple[date, int], ...] = ()  # by the day on which he rated, oldest first
    last_contact_on: date | None = None
    longest_interval: int | None = None  # of the care plan of his tier
    rights: tuple[Right, ...] = ()
    warned_until: date | None = None  # end of the validity after which his tier drops
    missed_on: tuple[date, ...] = ()
    issued_on: tuple[date, ...] = ()  # what was issued to him and not delivered
    recorded: dict[int, tuple[date, str | None]] = field(default_factory=dict)  # latest by kind


@dataclass(frozen=True)
class Day:
    """When it is asked."""

    today: date
    now: datetime
    last_month: date | None = None  # the last one whose bills are all in
    has_gap: bool = False  # of the months compared one was never told of


class Assessment(NamedTuple):
    score: int
    level: str
    points: dict[int, int]
    unknown: set[int]


def level(score: int, medium: int = MEDIUM_FROM, high: int = HIGH_FROM) -> str:
    """
    >>> [level(score) for score in (0, 29, 30, 59, 60, 100)]
    ['low', 'low', 'medium', 'medium', 'high', 'high']
    """
    if score >= high:
        return HIGH
    return MEDIUM if score >= medium else LOW


def last_complete_month(today: date, complete: set[date]) -> date | None:
    """The last full month whose bills are all in; None where that is too long ago to say anything.

    >>> print(last_complete_month(date(2026, 3, 10), {date(2026, 1, 1), date(2026, 3, 1)}))
    2026-01-01
    >>> print(last_complete_month(date(2026, 3, 10), {date(2025, 11, 1)}))
    None
    """
    for months in range(1, STALE_MONTHS + 1):
        if (month := add_months(today, -months)) in complete:
            return month
    return None


def has_gap(last: date, told: set[date]) -> bool:
    """Whether the bills of a month are missing for everybody, of those whose averages are compared.

    >>> months = {date(2025, n, 1) for n in range(6, 13)} | {date(2026, 1, 1), date(2026, 2, 1)}
    >>> has_gap(date(2026, 2, 1), months), has_gap(date(2026, 2, 1), months - {date(2026, 1, 1)})
    (False, True)
    """
    return any(add_months(last, -n) not in told for n in range(RECENT_MONTHS + EARLIER_MONTHS))


def assess(customer: Customer, signals: list[Signal], day: Day) -> Assessment:
    """What speaks for his leaving, the sum of it capped at 100, and its band.

    >>> day = Day(date(2026, 3, 10), datetime(2026, 3, 10), date(2026, 2, 1))
    >>> kinds = [Signal(1, "leaving", 35), Signal(2, "suspended", 20), Signal(3, "rating", 10, 0, 2, 0, 90)]
    >>> assess(Customer(departures=1, suspended=2), kinds, day)
    Assessment(score=55, level='medium', points={1: 35, 2: 20}, unknown={3})
    >>> heavy = [Signal(1, "leaving", 80), Signal(2, "suspended", 80)]
    >>> assess(Customer(departures=1, suspended=1), heavy, day)[:2]
    (100, 'high')
    """
    points, unknown = {}, set()
    for signal in signals:
        if signal.rule in CONTRIBUTIONS:
            found = CONTRIBUTIONS[signal.rule](customer, signal, day)
        else:
            found = recorded(customer.recorded.get(signal.id), signal, day.today)
        if found is None:
            unknown.add(signal.id)
        elif found:
            points[signal.id] = found
    score = min(sum(points.values()), MOST)
    return Assessment(score, level(score), points, unknown)


# ------------------------------------------------------------
# EACH SIGNAL: its points, None where nothing is known
# ------------------------------------------------------------


def recorded(latest: tuple[date, str | None] | None, signal: Signal, today: date) -> int:
    """What somebody recorded, in full inside its window; a colour fades.

    >>> query = Signal(1, RECORDED, 40, span=30)
    >>> [recorded((date(2026, 3, 1), None), query, date(2026, 3, d)) for d in (1, 31)]
    [40, 40]
    >>> recorded((date(2026, 3, 1), None), query, date(2026, 4, 1)), recorded(None, query, date(2026, 4, 1))
    (0, 0)
    """
    if not latest:
        return 0
    on, colour = latest
    if signal.rule == PULSE:
        weight = {RED: signal.points, AMBER: signal.points_less}.get(colour, 0)
        return faded(weight, (today - on).days, signal.span)
    return signal.points if on >= signal.first_day(today) else 0


def faded(weight: int, age: int, span: int) -> int:
    """A weight that falls in a straight line to zero, in whole points, halves upwards.

    >>> [faded(20, age, 90) for age in (0, 1, 9, 45, 87, 88, 90, 91)]
    [20, 20, 18, 10, 1, 0, 0, 0]
    """
    left = max(span - age, 0)
    return (2 * weight * left + span) // (2 * span) if span else 0


def leaving(customer: Customer, signal: Signal, day: Day) -> int | None:
    """
    >>> day = Day(date(2026, 3, 10), datetime(2026, 3, 10))
    >>> leaving(Customer(departures=1), Signal(1, "leaving", 35), day)
    35
    """
    return signal.points if customer.departures else 0


def suspended(customer: Customer, signal: Signal, day: Day) -> int | None:
    """
    >>> day = Day(date(2026, 3, 10), datetime(2026, 3, 10))
    >>> suspended(Customer(suspended=1), Signal(1, "suspended", 20), day)
    20
    """
    return signal.points if customer.suspended else 0


def drop(customer: Customer, signal: Signal, day: Day) -> int | None:
    """The average of the last 3 full months is so many percent below that of the 6 before; unknown where he
    was not with us all that time, nothing was billed before, or a month of bills is missing altogether.

    >>> kind = Signal(1, "drop", 25, 15, 50, 30)
    >>> day = Day(date(2026, 3, 10), datetime(2026, 3, 10), date(2026, 2, 1))
    >>> def at(recent, **facts):
    ...     amounts = [recent] * 3 + [100] * 6
    ...     bills = [Bill(add_months(day.last_month, -i), Decimal(n)) for i, n in enumerate(amounts)]
    ...     return drop(Customer(bills=tuple(bills), **facts), kind, day)
    >>> at(50), at(51), at(70), at(71), at(50, joined_on=date(2025, 7, 1))
    (25, 15, 15, 0, None)
    >>> from dataclasses import replace
    >>> day = replace(day, has_gap=True)
    >>> at(50)
    """
    if not day.last_month or day.has_gap:
        return None
    middle = add_months(day.last_month, -RECENT_MONTHS)
    first = add_months(middle, 1 - EARLIER_MONTHS)
    if customer.joined_on and add_months(customer.joined_on, 0) > first:
        return None
    recent = sum(b.amount for b in customer.bills if middle < b.month <= day.last_month)
    earlier = sum(b.amount for b in customer.bills if first <= b.month <= middle)
    if earlier <= 0:
        return None
    for threshold, points in (
        (signal.threshold, signal.points),
        (signal.threshold_less, signal.points_less),
    ):
        if recent * EARLIER_MONTHS * 100 <= earlier * RECENT_MONTHS * (100 - threshold):
            return points
    return 0


def zero(customer: Customer, signal: Signal, day: Day) -> int | None:
    """The last complete month has no bill above 0; not asked of who joined later.

    >>> kind, month = Signal(1, "zero", 15), date(2026, 2, 1)
    >>> day = Day(date(2026, 3, 10), datetime(2026, 3, 10), month)
    >>> zero(Customer(), kind, day), zero(Customer(bills=(Bill(month, Decimal(1)),)), kind, day)
    (15, 0)
    >>> zero(Customer(joined_on=date(2026, 3, 1)), kind, day)
    0
    """
    if not day.last_month:
        return None
    if customer.joined_on and add_months(customer.joined_on, 0) > day.last_month:
        return 0
    billed = any(b.amount > 0 for b in customer.bills if b.month == day.last_month)
    return 0 if billed else signal.points


def arrears(customer: Customer, signal: Signal, day: Day) -> int | None:
    """
    >>> day = Day(date(2026, 3, 10), datetime(2026, 3, 10))
    >>> kind = Signal(1, "arrears", 15, 8, 2, 1, 6, MONTH)
    >>> [arrears(Customer(bills=(Bill(date(2026, 1, 1), Decimal(1), n),)), kind, day) for n in (0, 1, 2)]
    [0, 8, 15]
    >>> arrears(Customer(bills=(Bill(date(2025, 8, 1), Decimal(1), 2),)), kind, day)  # nothing since
    """
    first = add_months(signal.first_day(day.today), 0)
    bills = [bill for bill in customer.bills if first <= bill.month <= day.today]
    return _stepped(sum(bill.arrears for bill in bills), signal) if bills else None


def complaint(customer: Customer, signal: Signal, day: Day) -> int | None:
    """
    >>> day, kind = Day(date(2026, 3, 10), datetime(2026, 3, 10)), Signal(1, "complaint", 15, 10)
    >>> one = Request(True, 1, date(2026, 3, 9), datetime(2026, 3, 11), None)
    >>> late = one._replace(resolve_by=datetime(2026, 3, 9))
    >>> [complaint(Customer(requests=found), kind, day) for found in ((), (one,), (one, late))]
    [0, 10, 15]
    """
    opened = [one for one in customer.requests if one.is_complaint and not one.resolved_at]
    if not opened:
        return 0
    return signal.points if any(one.is_late(day.now) for one in opened) else signal.points_less


def repeat(customer: Customer, signal: Signal, day: Day) -> int | None:
    """
    >>> day, kind = Day(date(2026, 3, 10), datetime(2026, 3, 10)), Signal(1, "repeat", 15, 0, 2, 0, 90)
    >>> one = Request(True, 1, date(2026, 1, 9), None, datetime(2026, 1, 10))
    >>> repeat(Customer(requests=(one, one)), kind, day), repeat(Customer(requests=(one,)), kind, day)
    (15, 0)
    """
    first = signal.first_day(day.today)
    causes = Counter(
        one.cause
        for one in customer.requests
        if one.is_complaint and one.cause and one.opened_on >= first
    )
    return signal.points if any(n >= signal.threshold for n in causes.values()) else 0


def rating(customer: Customer, signal: Signal, day: Day) -> int | None:
    """
    >>> day, kind = Day(date(2026, 3, 10), datetime(2026, 3, 10)), Signal(1, "rating", 10, 0, 2, 0, 90)
    >>> low, high = (date(2026, 1, 1), 2), (date(2026, 2, 1), 5)
    >>> [rating(Customer(ratings=found), kind, day) for found in ((), (low,), (low, high))]
    [None, 10, 0]
    """
    if not customer.ratings:
        return None
    on, stars = customer.ratings[-1]
    is_low = stars <= signal.threshold and on >= signal.first_day(day.today)
    return signal.points if is_low else 0


def contract(customer: Customer, signal: Signal, day: Day) -> int | None:
    """
    >>> day, kind = Day(date(2026, 3, 10), datetime(2026, 3, 10)), Signal(1, "contract", 15, 10, 30, 90)
    >>> ends = [date(2026, 3, 9), date(2026, 4, 9), date(2026, 4, 10), date(2026, 6, 8), date(2026, 6, 9)]
    >>> [contract(Customer(contract_ends=(end,)), kind, day) for end in ends]
    [0, 15, 10, 10, 0]
    >>> contract(Customer(), kind, day)
    """
    if not customer.contract_ends:
        return None
    days = [(end - day.today).days for end in customer.contract_ends if end >= day.today]
    left = min(days, default=None)
    if left is None or left > signal.threshold_less:
        return 0
    return signal.points if left <= signal.threshold else signal.points_less


def silence(customer: Customer, signal: Signal, day: Day) -> int | None:
    """Not asked where no care plan says how often.

    >>> day, kind = Day(date(2026, 3, 10), datetime(2026, 3, 10)), Signal(1, "silence", 10, 0, 2)
    >>> for on in (date(2025, 12, 30), date(2025, 12, 29)):
    ...     print(silence(Customer(last_contact_on=on, longest_interval=35), kind, day))
    0
    10
    >>> print(silence(Customer(longest_interval=35), kind, day), silence(Customer(), kind, day))
    None 0
    """
    if not customer.longest_interval:
        return 0
    if not customer.last_contact_on:
        return None
    days = (day.today - customer.last_contact_on).days
    return signal.points if days > signal.threshold * customer.longest_interval else 0


def unused(customer: Customer, signal: Signal, day: Day) -> int | None:
    """
    >>> kind = Signal(1, "unused", 5, 0, 20)
    >>> def on(day, used):
    ...     right = Right(date(2026, 1, 1), date(2026, 1, 30), Decimal(100), Decimal(used))
    ...     when = Day(date(2026, 1, day), datetime(2026, 1, day))
    ...     return unused(Customer(rights=(right,)), kind, when)
    >>> on(19, 19), on(20, 19), on(20, 20)
    (0, 5, 0)
    """
    counted = [
        right
        for right in customer.rights
        if 3 * ((day.today - right.date_from).days + 1)
        >= 2 * ((right.date_to - right.date_from).days + 1)
    ]
    granted = sum(right.granted for right in counted)
    used = sum(right.used for right in counted)
    return signal.points if granted and used * 100 < granted * signal.threshold else 0


def tier(customer: Customer, signal: Signal, day: Day) -> int | None:
    """
    >>> kind = Signal(1, "tier", 5, span=60)
    >>> day = Day(date(2026, 3, 10), datetime(2026, 3, 10))
    >>> [tier(Customer(warned_until=on), kind, day) for on in (date(2026, 5, 9), date(2026, 5, 10))]
    [5, 0]
    """
    until = customer.warned_until
    return signal.points if until and 0 <= (until - day.today).days <= signal.span else 0


def missed(customer: Customer, signal: Signal, day: Day) -> int | None:
    """
    >>> kind, days = Signal(1, "missed", 8, 0, 2, 0, 6, MONTH), (date(2025, 9, 10), date(2026, 1, 1))
    >>> for today in (date(2026, 3, 10), date(2026, 3, 11)):
    ...     print(missed(Customer(missed_on=days), kind, Day(today, datetime(2026, 3, 10))))
    8
    0
    """
    first = signal.first_day(day.today)
    count = sum(on >= first for on in customer.missed_on)
    return signal.points if count >= signal.threshold else 0


def late(customer: Customer, signal: Signal, day: Day) -> int | None:
    """So many points for each, up to the full weight.

    >>> day, kind = Day(date(2026, 3, 10), datetime(2026, 3, 10)), Signal(1, "late", 10, 5, span=90)
    >>> by = datetime(2026, 3, 2)
    >>> one = Request(False, None, date(2026, 3, 1), by, None, due_on=by.date())
    >>> [late(Customer(requests=(one,) * n), kind, day) for n in range(4)]
    [0, 5, 10, 10]
    """
    first = signal.first_day(day.today)
    count = sum(one.is_late(day.now) and one.due_on >= first for one in customer.requests)
    return min(count * signal.points_less, signal.points)


def gift(customer: Customer, signal: Signal, day: Day) -> int | None:
    """
    >>> day, kind = Day(date(2026, 3, 10), datetime(2026, 3, 10)), Signal(1, "gift", 5, 0, 14)
    >>> [gift(Customer(issued_on=(date(2026, 2, d),)), kind, day) for d in (23, 24)]
    [5, 0]
    """
    ages = [(day.today - on).days for on in customer.issued_on]
    return signal.points if any(age > signal.threshold for age in ages) else 0


def _stepped(count: int, signal: Signal) -> int:
    if count >= signal.threshold:
        return signal.points
    return signal.points_less if count >= signal.threshold_less else 0


CONTRIBUTIONS = {
    "leaving": leaving,
    "suspended": suspended,
    "drop": drop,
    "zero": zero,
    "arrears": arrears,
    "complaint": complaint,
    "repeat": repeat,
    "rating": rating,
    "contract": contract,
    "silence": silence,
    "unused": unused,
    "tier": tier,
    "missed": missed,
    "late": late,
    "gift": gift,
}
