"""Month-end figures, one customer at a time: what a month is to him, and the formulas of a group.

The slow and obvious side of ``kpi_sql``: a property test holds the two together. A month is its first day;
first and last days are included; ``None`` is an open end.

The worked example of the standard: opening 200, joined 12, churned 5 + 1.

>>> group = {"opening": 200, "joined": 12, "churned_scheduled": 5, "churned_arrears": 1, "closing": 206}
>>> difference(group)
0
>>> average(group), f"{churn_rate(group):.2%}", f"{off_net_rate(group):.2%}"
(203.0, '3.00%', '2.96%')
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import NamedTuple

ARREARS, PORT_OUT, SCHEDULED, SUSPENSION = "arrears", "port_out", "scheduled", "suspension"
NO_RECORD = "no_record"
ADDED = ("opening", "joined", "moved_in")
TAKEN_AWAY = ("churned_scheduled", "churned_arrears", "left_tier", "moved_out")
COUNTS = (*ADDED, *TAKEN_AWAY, "closing")
# who closes his last number so many days after leaving the tier "left, then closed"
DAYS_AFTER_LEAVING = 60


class Owners(NamedTuple):
    """Who answers for a customer on a day."""

    manager: int | None
    team: int | None
    tier: int


class Stretch(NamedTuple):
    """A row of the tier history; without a tier nobody is counted."""

    tier: int | None
    first: date
    last: date | None


class Assignment(NamedTuple):
    manager: int | None
    team: int | None
    first: date
    last: date | None


class Number(NamedTuple):
    """A number of one owner. ``closed_on`` is the first day without it, empty while it is open (again);
    ``last`` is the last day of an owner who passed it on; ``entered_on`` tells when it was there where
    nobody said since when."""

    id: int
    entered_on: date
    opened_on: date | None = None
    closed_on: date | None = None
    last: date | None = None


class Departure(NamedTuple):
    """An effective departure; of the customer as such where it names no number. ``reopened_on`` is the day
    on which the number was opened again; ``counts_in`` the month in which it counts, once that is settled."""

    id: int
    number: int | None
    kind: str
    day: date
    remark: str | None = None
    reopened_on: date | None = None
    counts_in: date | None = None


@dataclass
class Fact:
    """One customer in one month."""

    start: Owners | None
    end: Owners
    opening: int = 0
    joined: int = 0
    churned_scheduled: int = 0
    churned_port_out: int = 0
    churned_arrears: int = 0
    left_tier: int = 0
    left_closed: int = 0
    closing: int = 0
    happened_on: date | None = None
    is_late: bool = False
    is_reopened: bool = False
    is_unrecorded: bool = False

    @property
    def is_moved(self) -> bool:
        return self.start is not None and self.start != self.end


class Customer(NamedTuple):
    """His raw rows."""

    history: Sequence[Stretch] = ()
    assignments: Sequence[Assignment] = ()
    numbers: Sequence[Number] = ()
    departures: Sequence[Departure] = ()


class Frozen(NamedTuple):
    """What the frozen months before say of a customer.

    ``owners`` are those he closed the month before with, None where he was not counted; ``first`` is the
    first month that was frozen, ``last`` the latest one in which he was counted.
    """

    owners: Owners | None
    first: date
    last: date | None


def next_month(month: date) -> date:
    """
    >>> next_month(date(2026, 12, 1))
    datetime.date(2027, 1, 1)
    """
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def _covers(row: Stretch | Assignment, day: date) -> bool:
    return row.first <= day and (row.last is None or day <= row.last)


def _in_force(rows: Iterable) -> list:
    """Without the rows that were replaced on the day they began."""
    return [row for row in rows if row.last is None or row.last >= row.first]


def _row(rows: Iterable, day: date):
    return next((row for row in _in_force(rows) if _covers(row, day)), None)


def owners_on(customer: Customer, day: date) -> Owners | None:
    """Manager, branch and tier of the day; None where the customer is not counted on it.

    >>> gold = Customer([Stretch(2, date(2026, 1, 5), date(2026, 1, 20))])
    >>> owners_on(gold, date(2026, 1, 20))
    Owners(manager=None, team=None, tier=2)
    >>> owners_on(gold, date(2026, 1, 21))
    """
    stretch = _row(customer.history, day)
    if not stretch or stretch.tier is None:
        return None
    assignment = _row(customer.assignments, day)
    return Owners(
        assignment.manager if assignment else None,
        assignment.team if assignment else None,
        stretch.tier,
    )


def fact(customer: Customer, month: date, frozen: Frozen | None = None) -> Fact | None:
    """What the month is to a customer, None where it is nothing to him.

    :param frozen: None where the month before is not frozen: then the opening is worked out

    Handed over on the 10th, and lost on the 20th: he counts with who had him last.

    >>> li = Customer(
    ...     [
    ...         Stretch(2, date(2025, 2, 1), date(2026, 1, 19)),
    ...         Stretch(None, date(2026, 1, 20), None),
    ...     ],
    ...     [
    ...         Assignment(7, 1, date(2025, 2, 1), date(2026, 1, 9)),
    ...         Assignment(8, 1, date(2026, 1, 10), None),
    ...     ],
    ...     [Number(1, date(2020, 1, 1), date(2020, 1, 1), date(2026, 1, 20))],
    ...     [Departure(1, 1, ARREARS, date(2026, 1, 20))],
    ... )
    >>> lost = fact(li, date(2026, 1, 1))
    >>> lost.start.manager, lost.end.manager, lost.opening, lost.churned_arrears, lost.closing
    (7, 8, 1, 1, 0)
    >>> [{name: count for name, count in row.items() if count} for _owners, row in rows(lost)]
    [{'opening': 1, 'moved_out': 1}, {'moved_in': 1, 'churned_arrears': 1}]

    When January was frozen before anybody knew, he counts in February, with the true date.

    >>> owners = Owners(8, 1, 2)
    >>> late = fact(li, date(2026, 2, 1), Frozen(owners, date(2026, 1, 1), date(2026, 1, 1)))
    >>> late.churned_arrears, late.happened_on, late.is_late, late.end == owners
    (1, datetime.date(2026, 1, 20), True, True)
    """
    last_day = next_month(month) - timedelta(days=1)
    before = month - timedelta(days=1)
    start = frozen.owners if frozen else owners_on(customer, before)
    counted = sorted(
        (
            row
            for row in _in_force(customer.history)
            if row.tier is not None and row.first <= last_day
        ),
        key=lambda row: row.first,
    )
    within = [row for row in counted if row.last is None or row.last >= month]
    end_owners = owners_on(customer, last_day)
    if end_owners:
        result = Fact(start, end_owners, opening=int(start is not None), closing=1)
        if start is None:
            result.joined = 1
            result.happened_on = within[0].first
        else:
            result.happened_on = _moved_on(customer, last_day, start, end_owners)
            result.is_reopened = any(
                departure.kind != SUSPENSION
                and month <= departure.day <= last_day
                and _counts_in(departure, month, frozen) == month
                and departure.reopened_on is not None
                and departure.reopened_on <= last_day
                for departure in customer.departures
            )
    elif within:
        end_owners = owners_on(customer, within[-1].last)
        result = Fact(start, end_owners, opening=int(start is not None))
    elif start:
        result = Fact(start, start, opening=1)
    elif frozen and (unseen := _unseen(counted, frozen)):
        result = Fact(None, owners_on(customer, unseen[-1].last))
    elif counted:
        return _left_before(customer, month, last_day, counted[-1].last, frozen)
    else:
        return None
    if not result.closing:
        result.joined = int(start is None)
        _end(result, customer, month, counted[-1].last if counted else before, frozen)
    result.is_late = bool(frozen and result.happened_on and result.happened_on < month)
    return result


def _unseen(counted: list[Stretch], frozen: Frozen) -> list[Stretch]:
    """Stretches that began and ended within frozen months that do not know of them."""
    return [
        row
        for row in counted
        if row.last >= frozen.first
        and (frozen.last is None or frozen.last < max(row.first.replace(day=1), frozen.first))
    ]


def _moved_on(customer: Customer, day: date, start: Owners, end: Owners) -> date | None:
    if start[:2] != end[:2]:
        assignment = _row(customer.assignments, day)
        return assignment.first if assignment else None
    if start.tier != end.tier:
        return _row(customer.history, day).first
    return None


def _left_before(
    customer: Customer, month: date, last_day: date, last_counted: date, frozen: Frozen | None
) -> Fact | None:
    """Who left his tier in an earlier month is nothing to this one, unless his last number closes now.

    >>> li = Customer(
    ...     [Stretch(2, date(2025, 2, 1), date(2026, 1, 9)), Stretch(None, date(2026, 1, 10), None)],
    ...     [],
    ...     [Number(1, date(2020, 1, 1), date(2020, 1, 1), date(2026, 2, 20))],
    ...     [Departure(1, 1, SCHEDULED, date(2026, 2, 20))],
    ... )
    >>> fact(li, date(2026, 1, 1)).left_tier, fact(li, date(2026, 2, 1)).left_closed
    (1, 1)
    """
    closing = _closing(customer, last_day)
    if not closing or not _is_left_closed(customer, month, last_counted, closing[0], frozen):
        return None
    return Fact(
        None,
        owners_on(customer, last_counted),
        left_closed=1,
        happened_on=closing[0],
        is_late=bool(frozen and closing[0] < month),
    )


def _is_left_closed(
    customer: Customer, month: date, last_counted: date, closed_on: date, frozen: Frozen | None
) -> bool:
    left_on = last_counted + timedelta(days=1)
    return left_on < closed_on <= left_on + timedelta(days=DAYS_AFTER_LEAVING) and any(
        departure.day == closed_on
        and departure.kind != SUSPENSION
        and _counts_in(departure, month, frozen) == month
        for departure in customer.departures
    )


def _counts_in(departure: Departure, month: date, frozen: Frozen | None) -> date:
    """The month in which a departure counts, at the end of the earliest open one."""
    is_late = frozen and frozen.first <= departure.day < month
    return departure.counts_in or (month if is_late else departure.day.replace(day=1))


def _end(result: Fact, customer: Customer, month: date, last_counted: date, frozen: Frozen | None):
    """Churned or left the tier, for who is not counted at the end of the month."""
    closing = _closing(customer, next_month(month) - timedelta(days=1))
    if not closing:
        result.left_tier = 1
        result.happened_on = last_counted + timedelta(days=1)
        return
    result.happened_on, departures = closing
    kinds = {departure.kind for departure in departures} or {SCHEDULED}
    result.is_unrecorded = not departures or any(d.remark == NO_RECORD for d in departures)
    result.churned_arrears = int(kinds == {ARREARS})
    result.churned_scheduled = 1 - result.churned_arrears
    result.churned_port_out = int(SCHEDULED not in kinds and PORT_OUT in kinds)
    result.left_closed = int(_is_left_closed(customer, month, last_counted, closing[0], frozen))


def _closing(customer: Customer, day: date) -> tuple[date, list[Departure]] | None:
    """The day on which the last number of a customer closed, by ``day``, with the departures that closed
    it; without numbers, his own. None where a number is open, or the last one passed to another owner.

    A number that he was given since, of which nobody said when it was opened, holds him not back.

    >>> li = Customer(
    ...     numbers=[
    ...         Number(1, date(2020, 1, 1), date(2020, 1, 1), date(2026, 1, 20)),
    ...         Number(2, date(2026, 2, 3)),
    ...     ],
    ...     departures=[Departure(1, 1, PORT_OUT, date(2026, 1, 20))],
    ... )
    >>> _closing(li, date(2026, 1, 31))[0], _closing(li, date(2026, 2, 28))
    (datetime.date(2026, 1, 20), None)
    """
    ends = []
    for number in customer.numbers:
        closed, departure = _closed(customer, number, day)
        passed = number.last + timedelta(days=1) if number.last and number.last < day else None
        if end := min(filter(None, (closed, passed)), default=None):
            ends.append((end, end == closed, departure))
        elif (number.opened_on or number.entered_on) <= day:
            return None
    if not ends:
        own = [d for d in customer.departures if d.number is None and _is_gone(d, day)]
        ends = [(departure.day, True, departure) for departure in own]
    last = max((end for end, _is_closed, _departure in ends), default=None)
    closing = [departure for end, is_closed, departure in ends if end == last and is_closed]
    if last is None or not closing:
        return None
    return last, [departure for departure in closing if departure]


def _is_gone(departure: Departure, day: date) -> bool:
    return departure.kind != SUSPENSION and departure.day <= day


def _closed(customer: Customer, number: Number, day: date) -> tuple[date | None, Departure | None]:
    """Since when a number was closed on ``day``, and by which departure. The departures say it; the number
    itself, which may be open again or corrected since, only where nobody recorded one."""
    known = [d for d in customer.departures if d.number == number.id and d.kind != SUSPENSION]
    if not known:
        is_closed = number.closed_on is not None and number.closed_on <= day
        return (number.closed_on if is_closed else None), None
    held = [d for d in known if _is_gone(d, day) and (d.reopened_on is None or d.reopened_on > day)]
    last = max(held, key=lambda d: (d.day, d.id), default=None)
    return (last.day if last else None), last


def rows(fact: Fact) -> list[tuple[Owners, dict[str, int]]]:
    """The one or two rows that a fact has in the report, each with its owners."""
    ending = dict.fromkeys(COUNTS, 0)
    for field in fields(fact):
        if field.name in ending:
            ending[field.name] = getattr(fact, field.name)
    if not fact.is_moved:
        return [(fact.end, ending)]
    starting = dict.fromkeys(COUNTS, 0) | {"opening": 1, "moved_out": 1}
    return [(fact.start, starting), (fact.end, ending | {"opening": 0, "moved_in": 1})]


# ------------------------------------------------------------
# FORMULAS OF A GROUP: over its sums; None is an empty figure
# ------------------------------------------------------------


def difference(group: Mapping[str, int]) -> int:
    """By how much a group does not reconcile: 0 where it does.

    >>> difference({"opening": 2, "moved_out": 1, "closing": 2})
    -1
    """
    return (
        sum(group.get(name, 0) for name in ADDED)
        - sum(group.get(name, 0) for name in TAKEN_AWAY)
        - group.get("closing", 0)
    )


def churned(group: Mapping[str, int]) -> int:
    return group.get("churned_scheduled", 0) + group.get("churned_arrears", 0)


def average(group: Mapping[str, int]) -> float:
    return (group.get("opening", 0) + group.get("closing", 0)) / 2


def rate(above: float, below: float) -> float | None:
    """
    >>> rate(3, 4), rate(0, 0)
    (0.75, None)
    """
    return above / below if below else None


def churn_rate(group: Mapping[str, int]) -> float | None:
    """
    >>> churn_rate({"opening": 0, "joined": 1, "churned_scheduled": 1})
    """
    return rate(churned(group), group.get("opening", 0))


def off_net_rate(group: Mapping[str, int]) -> float | None:
    return rate(churned(group), average(group))
