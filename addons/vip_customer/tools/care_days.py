"""When customers are contacted, and which contact fulfils which touch, free of the ORM.

``care_sql`` does the same for a whole book; a property test keeps both together.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

PLANNED, DONE, SKIPPED, MISSED = "planned", "done", "skipped", "missed"
# Touches become tasks, and may be fulfilled, so many days before they are due.
NEAR_DAYS = 7
# A touch is on time up to so many days after it was due, and missed after that.
LATE_DAYS = 7
# A missed touch is made up for by the way so many days after it was due; later only on purpose.
MADE_UP_DAYS = 31
# A touch is put off by so many days at most, counted from the day that was planned.
POSTPONE_DAYS = 31
# A customer is contacted unasked on so many days of a week at most, and once a day.
A_WEEK = 3
MONDAY = date(2001, 1, 1)
# Two odd numbers near 2^32 times the golden ratio: multiples of them fall evenly between 0 and 2^32.
CUSTOMER_STRIDE, STEP_STRIDE = 2654435761, 1640531527
FULL = 2**32


def slots(year: int, times: int) -> list[tuple[date, date]]:
    """A year cut into as many parts as touches: whole months where these divide the year.

    >>> [str(first) for first, _last in slots(2026, 4)]
    ['2026-01-01', '2026-04-01', '2026-07-01', '2026-10-01']
    >>> print(*slots(2028, 5)[0], *slots(2028, 5)[-1])
    2028-01-01 2028-03-13 2028-10-19 2028-12-31
    """
    first = date(year, 1, 1)
    days = (date(year + 1, 1, 1) - first).days
    if 12 % times == 0:
        starts = [date(year, 1 + 12 // times * i, 1) for i in range(times)]
    else:
        starts = [first + timedelta(days=days * i // times) for i in range(times)]
    ends = [*starts[1:], date(year + 1, 1, 1)]
    return [(start, end - timedelta(days=1)) for start, end in zip(starts, ends, strict=True)]


def phase(customer: int, step: int) -> int:
    """Where in its part of the year a customer's touch lies, from 0 to 2^32 - 1.

    Always the same for one customer and step, so that his calls are a month apart; spread evenly over
    the customers of a manager, so that his days are alike.

    >>> halves = [phase(customer, 3) * 2 // FULL for customer in range(1, 101)]
    >>> halves.count(0), halves.count(1)
    (50, 50)
    """
    return (customer * CUSTOMER_STRIDE + step * STEP_STRIDE) % FULL


def regular_day(first: date, last: date, place: int, working: Sequence[date]) -> date:
    """The working day for a touch between two days; the next one after them where there is none.

    :param place: see ``phase``
    :param working: the manager's working days, in order

    >>> days = [date(2026, 3, d) for d in (2, 3, 4, 5, 6, 9)]
    >>> [str(regular_day(days[0], days[3], FULL * i // 4, days)) for i in range(4)]
    ['2026-03-02', '2026-03-03', '2026-03-04', '2026-03-05']
    >>> print(regular_day(date(2026, 3, 7), date(2026, 3, 8), 0, days))
    2026-03-09
    """
    low, high = bisect_left(working, first), bisect_right(working, last)
    if low == high:
        return working_day(first, 0, working)
    return working[low + ((high - low) * place >> 32)]


def working_day(day: date, within: int, working: Sequence[date]) -> date:
    """The day itself or the next working day; with ``within`` that many working days after it.

    >>> days = [date(2026, 3, d) for d in (2, 3, 4, 5, 6, 9)]
    >>> print(working_day(days[1], 0, days), working_day(date(2026, 3, 7), 0, days))
    2026-03-03 2026-03-09
    >>> print(working_day(days[2], 3, days))  # Wednesday; Thursday, Friday, Monday
    2026-03-09
    >>> print(working_day(date(2027, 1, 1), 0, days))  # nobody knows
    2027-01-01
    """
    found = bisect_right(working, day) + within - 1 if within else bisect_left(working, day)
    return working[found] if found < len(working) else day


def week(day: date) -> int:
    """The number of the week, from Monday to Sunday.

    >>> week(date(2026, 3, 8)) + 1 == week(date(2026, 3, 9)) == week(date(2026, 3, 15))
    True
    """
    return (day - MONDAY).days // 7


def spread(
    wanted: Sequence[date], settled: Collection[date], working: Sequence[date]
) -> list[date]:
    """The days of one customer's touches, so that no two are on one day nor more than ``A_WEEK`` in one
    week. What comes first in the list stays where it is; what must give way goes on to the next working
    day until there is room.

    :param settled: days of contacts that do not move; they may break the limits among themselves
    :param working: the manager's working days, in order; every day counts after the last of them

    >>> days = [date(2026, 3, d) for d in (2, 3, 4, 5, 6, 9, 10)]
    >>> [day.day for day in spread([days[0], days[0], days[1]], (), days)]
    [2, 3, 4]
    >>> [day.day for day in spread([days[0], days[0], days[0], days[0]], (), days)]
    [2, 3, 4, 9]
    >>> [day.day for day in spread([days[0]], days[:1], days)]
    [3]
    >>> [day.day for day in spread([days[4]], days[:3], days)]
    [9]
    """
    days = list(wanted)
    while giving_way := _giving_way(days, settled):
        for place in giving_way:
            after = bisect_right(working, days[place])
            days[place] = (
                working[after] if after < len(working) else days[place] + timedelta(days=1)
            )
    return days


def _giving_way(days: Sequence[date], settled: Collection[date]) -> list[int]:
    taken = Counter(settled)
    weeks = Counter(map(week, settled))
    found = []
    for place, day in enumerate(days):
        taken[day] += 1
        weeks[week(day)] += 1
        if taken[day] > 1 or weeks[week(day)] > A_WEEK:
            found.append(place)
    return found


class Touch(NamedTuple):
    """What ``choose`` asks about a touch."""

    id: int
    channel: str
    due: date
    state: str


def choose(touches: Iterable[Touch], may_fulfil: Collection[str], day: date) -> Touch | None:
    """The touch that a contact of a day fulfils, None if it fits none.

    What is due comes before what was missed, the oldest of the one and the newest of the other: a call
    of today is not lost on January's because that one was missed. A touch is near from ``NEAR_DAYS``
    before it is due, and made up for until ``MADE_UP_DAYS`` after; nothing far off is fulfilled by the
    way.

    :param may_fulfil: channels whose touches the channel of the contact may fulfil

    >>> call = Touch(1, "phone", date(2026, 3, 10), PLANNED)
    >>> missed = Touch(2, "phone", date(2026, 2, 10), MISSED)
    >>> choose([missed, call], {"visit", "phone"}, date(2026, 3, 3)).id
    1
    >>> choose([missed, call], {"visit", "phone"}, date(2026, 3, 2)).id
    2
    >>> choose([missed], {"phone"}, date(2026, 3, 13)).id
    2
    >>> choose([missed], {"phone"}, date(2026, 3, 14))
    >>> choose([call], {"sms"}, date(2026, 3, 10))
    >>> choose([call._replace(state=DONE)], {"phone"}, date(2026, 3, 10))
    """
    fitting = [
        touch
        for touch in touches
        if touch.channel in may_fulfil
        and touch.state in (PLANNED, MISSED)
        and touch.due - timedelta(days=NEAR_DAYS) <= day
        and (touch.state == PLANNED or day <= touch.due + timedelta(days=MADE_UP_DAYS))
    ]
    planned = [touch for touch in fitting if touch.state == PLANNED]
    if planned:
        return min(planned, key=lambda touch: (touch.due, touch.id))
    return max(fitting, key=lambda touch: (touch.due, -touch.id), default=None)


def is_on_time(due: date, done: date) -> bool:
    """
    >>> is_on_time(date(2026, 3, 3), date(2026, 3, 10)), is_on_time(date(2026, 3, 3), date(2026, 3, 11))
    (True, False)
    """
    return done <= due + timedelta(days=LATE_DAYS)
