"""By when something has to be done before a customer leaves, free of the ORM.

Moments are aware datetimes. A deadline of working hours is cut by the day on which the customer leaves:
nobody is helped by a call after that.
"""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from odoo.addons.vip_customer.tools.service_clock import UTC, Calendar, due, worked

HOUR = timedelta(hours=1)
NOON = time(12)
WARNING = 0.75
# A calendar without work for so many days before the closing date does not cut anything.
LOOK_BACK = 31


class Deadline(NamedTuple):
    """By when, and when somebody is warned: at three quarters of the working time."""

    due: datetime
    warn: datetime


def last_working_day(calendar: Calendar, closing: date) -> date | None:
    """The last day before ``closing`` on which there is work; None where there is none for a month.

    >>> from zoneinfo import ZoneInfo
    >>> office = Calendar(ZoneInfo("Asia/Shanghai"), dict.fromkeys(range(5), [(510, 720), (840, 1110)]))
    >>> print(last_working_day(office, date(2026, 3, 30)), last_working_day(office, date(2026, 3, 31)))
    2026-03-27 2026-03-30
    """
    for i in range(1, LOOK_BACK + 1):
        day = closing - timedelta(days=i)
        if _hours(calendar, day):
            return day
    return None


def first_contact(
    calendar: Calendar, opened: datetime, hours: float, closing: date | None
) -> Deadline:
    """The first contact: within so many working hours, and by noon of the last working day before the
    closing date.

    >>> from zoneinfo import ZoneInfo
    >>> tz = ZoneInfo("Asia/Shanghai")
    >>> office = Calendar(tz, dict.fromkeys(range(5), [(510, 720), (840, 1110)]))
    >>> opened = datetime(2026, 3, 10, 10, tzinfo=tz)
    >>> print(first_contact(office, opened, 16, date(2026, 3, 30)).due.astimezone(tz))
    2026-03-12 10:00:00+08:00
    >>> print(first_contact(office, opened, 16, date(2026, 3, 12)).due.astimezone(tz))
    2026-03-11 12:00:00+08:00
    """
    return _cut(calendar, opened, hours, closing, at_noon=True)


def follow_up(calendar: Calendar, start: datetime, hours: float, closing: date | None) -> Deadline:
    """An answer of somebody who considers: within so many working hours, and by the end of the last
    working day before the closing date.

    >>> from zoneinfo import ZoneInfo
    >>> tz = ZoneInfo("Asia/Shanghai")
    >>> office = Calendar(tz, dict.fromkeys(range(5), [(510, 720), (840, 1110)]))
    >>> start = datetime(2026, 3, 10, 10, tzinfo=tz)
    >>> follow = follow_up(office, start, 16, date(2026, 3, 30))
    >>> print(follow.due.astimezone(tz), follow.warn.astimezone(tz))
    2026-03-12 10:00:00+08:00 2026-03-11 16:00:00+08:00
    >>> print(follow_up(office, start, 16, date(2026, 3, 11)).due.astimezone(tz))
    2026-03-10 18:30:00+08:00

    Nothing is due before it began, where the customer leaves tomorrow morning:

    >>> print(follow_up(office, start, 16, date(2026, 3, 10)).due.astimezone(tz))
    2026-03-10 10:00:00+08:00
    """
    return _cut(calendar, start, hours, closing, at_noon=False)


def _cut(
    calendar: Calendar, start: datetime, hours: float, closing: date | None, *, at_noon: bool
) -> Deadline:
    by = due(calendar, start, hours * HOUR)
    day = last_working_day(calendar, closing) if closing else None
    if day:
        end = max(until for _begin, until in _hours(calendar, day))
        noon = datetime.combine(day, NOON, calendar.tz).astimezone(UTC)
        by = max(start.astimezone(UTC), min(by, noon if at_noon else end))
    worth = worked(calendar, start, by)
    return Deadline(by, due(calendar, start, worth * WARNING) if worth else by)


def _hours(calendar: Calendar, day: date) -> list[tuple[datetime, datetime]]:
    """The stretches of work of one local day."""
    midnight = datetime.combine(day, time(), calendar.tz)
    spans = []
    for begin, until in calendar.spans(midnight):
        if begin.astimezone(calendar.tz).date() != day:
            break
        spans.append((begin, until))
    return spans
