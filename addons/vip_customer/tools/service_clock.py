"""The clock of service requests: working time between two moments, and the moment by which something is
due, free of the ORM.

Moments are aware datetimes; opening hours are local to the time zone of the calendar, so that a day of
daylight saving has 23 or 25 hours where the calendar is open all night.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta, timezone
from typing import NamedTuple
from zoneinfo import ZoneInfo

UTC = timezone.utc
# From and until, in minutes after midnight; 1440 is the next midnight.
Hours = Sequence[tuple[int, int]]
Span = tuple[datetime, datetime]

# A calendar that is closed for so long is taken to be closed for good.
HORIZON = timedelta(days=400)
ZERO = timedelta(0)


class NeverOpen(ValueError):
    """The calendar has no working hours within ``HORIZON``."""


class Calendar(NamedTuple):
    """When there is work.

    ``week`` are the hours of each weekday (Monday is 0), ``extra`` those of dated days that are worked
    beside them (a Saturday made up for a holiday), ``closed`` the spans without work, holidays first of
    all. An extra day is worked even where a holiday says otherwise: somebody entered it for that day.
    """

    tz: ZoneInfo
    week: Mapping[int, Hours]
    extra: Mapping[date, Hours] = {}
    closed: Sequence[Span] = ()

    def spans(self, start: datetime) -> Iterator[Span]:
        """The stretches of work from a moment on, in order, in UTC, until ``HORIZON``.

        >>> shanghai = ZoneInfo("Asia/Shanghai")
        >>> hall = Calendar(shanghai, {0: [(510, 720), (840, 1110)]})
        >>> for a, b in hall.spans(datetime(2026, 3, 2, 10, tzinfo=shanghai)):
        ...     print(a, b)
        ...     if a.hour > 4: break
        2026-03-02 02:00:00+00:00 2026-03-02 04:00:00+00:00
        2026-03-02 06:00:00+00:00 2026-03-02 10:30:00+00:00
        """
        start = start.astimezone(UTC)
        # hours may run past midnight in UTC, and past local midnight never
        first = start.astimezone(self.tz).date()
        for i in range(HORIZON.days + 1):
            day = first + timedelta(days=i)
            for begin, end in self._day(day):
                if end > start:
                    yield max(begin, start), end

    def _day(self, day: date) -> Iterator[Span]:
        extra = [self._local(day, hours) for hours in self.extra.get(day, ())]
        usual = [self._local(day, hours) for hours in self.week.get(day.weekday(), ())]
        opened = without(usual, [*self.closed, *extra])
        yield from sorted(span for span in [*opened, *extra] if span[0] < span[1])

    def _local(self, day: date, hours: tuple[int, int]) -> Span:
        begin, end = (self._moment(day, minutes) for minutes in hours)
        return begin, end

    def _moment(self, day: date, minutes: int) -> datetime:
        day += timedelta(days=minutes // 1440)
        wall = time(minutes % 1440 // 60, minutes % 60)
        return datetime.combine(day, wall, self.tz).astimezone(UTC)


def without(spans: Iterable[Span], closed: Iterable[Span]) -> list[Span]:
    """What is left of spans outside others.

    >>> d = [datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in range(24)]
    >>> [(a.hour, b.hour) for a, b in without([(d[8], d[18])], [(d[12], d[14]), (d[17], d[20])])]
    [(8, 12), (14, 17)]
    """
    left = list(spans)
    for begin, end in closed:
        pieces = []
        for a, b in left:
            if end <= a or b <= begin:
                pieces.append((a, b))
                continue
            if a < begin:
                pieces.append((a, begin))
            if end < b:
                pieces.append((end, b))
        left = pieces
    return left


def worked(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """The working time between two moments; none where they are in the wrong order.

    >>> tz = ZoneInfo("Asia/Shanghai")
    >>> office = Calendar(tz, dict.fromkeys(range(5), [(510, 720), (840, 1110)]))
    >>> friday, monday = datetime(2026, 3, 6, 18, tzinfo=tz), datetime(2026, 3, 9, 9, tzinfo=tz)
    >>> print(worked(office, friday, monday))
    1:00:00
    """
    total = ZERO
    for begin, until in calendar.spans(start):
        if begin >= end:
            break
        total += min(until, end) - begin
    return total


def due(calendar: Calendar, start: datetime, target: timedelta) -> datetime:
    """The moment at which so much working time is over: the end of the stretch of work that uses it up,
    not the beginning of the next.

    :raise NeverOpen: the calendar is closed for good

    >>> tz = ZoneInfo("Asia/Shanghai")
    >>> office = Calendar(tz, dict.fromkeys(range(5), [(510, 720), (840, 1110)]))
    >>> friday = datetime(2026, 3, 6, 18, tzinfo=tz)
    >>> print(due(office, friday, timedelta(hours=1)).astimezone(tz))
    2026-03-09 09:00:00+08:00
    >>> print(due(office, friday, timedelta(minutes=30)).astimezone(tz))
    2026-03-06 18:30:00+08:00
    """
    left = target
    for begin, until in calendar.spans(start):
        if left <= until - begin:
            return begin + left
        left -= until - begin
    raise NeverOpen


def resumed(calendar: Calendar, deadline: datetime, paused: datetime, now: datetime) -> datetime:
    """A deadline after a pause: later by exactly the working time that was paused. One that was over when
    the pause began stays.

    >>> tz = ZoneInfo("Asia/Shanghai")
    >>> office = Calendar(tz, dict.fromkeys(range(5), [(510, 720), (840, 1110)]))
    >>> def at(day, hour): return datetime(2026, 3, day, hour, tzinfo=tz)
    >>> print(resumed(office, at(2, 16), at(2, 15), at(3, 9)).astimezone(tz))  # 3.5 h and 0.5 h
    2026-03-03 10:00:00+08:00
    """
    if deadline <= paused:
        return deadline
    return due(calendar, now, worked(calendar, paused, deadline))


def used(calendar: Calendar, start: datetime, target: timedelta, now: datetime) -> float:
    """The share of the target that is used up at a moment; more than 1 when it is breached. For what is
    not paused: the share of a paused request is that of the moment it was paused.

    >>> tz = ZoneInfo("Asia/Shanghai")
    >>> office = Calendar(tz, dict.fromkeys(range(5), [(510, 720), (840, 1110)]))
    >>> start = datetime(2026, 3, 2, 9, tzinfo=tz)
    >>> used(office, start, timedelta(hours=4), start + timedelta(hours=3))
    0.75
    """
    return worked(calendar, start, now) / target if target else 1.0
