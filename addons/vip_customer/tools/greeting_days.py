"""On which days and at which hours customers are greeted, free of the ORM.

A lunar birthday is its month and day as spoken (八月十五: month 8, day 15), read against a table of
lunar months.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

SOLAR, LUNAR = "solar", "lunar"
# Hours in which customers may be contacted, in their own time zone; the end is not included.
DECENT_HOURS = ((time(9), time(12)), (time(14, 30), time(20)))
START, BIRTHDAY_START = time(9), time(9, 30)
LONGEST_LUNAR_DAY = 31  # one too many: whoever typed it means the last day


class LunarMonth(NamedTuple):
    """One month of the Chinese calendar: ``days`` (29 or 30) days from ``date_from`` on."""

    year: int
    month: int
    is_leap: bool
    date_from: date
    days: int


class Birthday(NamedTuple):
    """Month and day in a calendar, and the year of that calendar in which the day is kept."""

    calendar: str
    month: int
    day: int
    year: int


def solar_birthday(month: int, day: int, year: int) -> date:
    """The day of a birthday in one year; 29 February is kept on 28 February.

    >>> print(solar_birthday(2, 29, 2027), solar_birthday(2, 29, 2028))
    2027-02-28 2028-02-29
    """
    if (month, day) == (2, 29) and not _has_29_february(year):
        return date(year, 2, 28)
    return date(year, month, day)


def lunar_birthday(month: int, day: int, year: int, months: Sequence[LunarMonth]) -> date | None:
    """The day of a lunar birthday in one lunar year, None where the table does not have it.

    It is kept in the ordinary month of that number, never in the leap month; the 30th of a short month
    is kept on the 29th.

    >>> print(lunar_birthday(5, 1, 2028, _MONTHS), lunar_birthday(6, 30, 2028, _MONTHS))
    2028-05-24 2028-08-19
    """
    for found in months:
        if (found.year, found.month, found.is_leap) == (year, month, False):
            return found.date_from + timedelta(days=min(day, found.days) - 1)
    return None


def next_birthday(
    birthday: date, calendar: str, today: date, months: Sequence[LunarMonth]
) -> date | None:
    """The first day from today on on which a birthday is kept, None where the table ends before.

    >>> print(next_birthday(date(1964, 2, 29), SOLAR, date(2027, 3, 1), _MONTHS))
    2028-02-29
    >>> print(next_birthday(date(1964, 5, 30), LUNAR, date(2028, 6, 1), _MONTHS))
    2028-06-22
    >>> print(next_birthday(date(1964, 5, 30), LUNAR, date(2028, 6, 23), _MONTHS))
    None
    """
    if calendar == LUNAR:
        years = sorted({found.year for found in months})
        days = [lunar_birthday(birthday.month, birthday.day, year, months) for year in years]
    else:
        days = [
            solar_birthday(birthday.month, birthday.day, year)
            for year in (today.year, today.year + 1)
        ]
    return next((day for day in days if day and day >= today), None)


def birthdays_on(
    day: date, months: Sequence[LunarMonth], mourning: Collection[date] = ()
) -> set[Birthday]:
    """The birthdays that are greeted on a day.

    None on a day of mourning; the next day that is none takes them over.

    >>> for found in sorted(birthdays_on(date(2028, 6, 22), _MONTHS)): print(*found)
    lunar 5 30 2028
    lunar 5 31 2028
    solar 6 22 2028
    >>> [found.calendar for found in birthdays_on(date(2028, 7, 1), _MONTHS)]  # in the leap month
    ['solar']
    >>> [found.day for found in sorted(birthdays_on(date(2028, 8, 19), _MONTHS))]  # the last of 29 days
    [29, 30, 31, 19]
    >>> for found in sorted(birthdays_on(date(2027, 2, 28), _MONTHS)): print(*found)
    solar 2 28 2027
    solar 2 29 2027
    >>> qingming = {date(2026, 4, 5)}
    >>> birthdays_on(date(2026, 4, 5), _MONTHS, qingming)
    set()
    >>> for found in sorted(birthdays_on(date(2026, 4, 6), _MONTHS, qingming)): print(*found)
    solar 4 5 2026
    solar 4 6 2026
    """
    found: set[Birthday] = set()
    if day in mourning:
        return found
    kept = day
    while kept == day or kept in mourning:
        found.update(_kept_on(kept, months))
        kept -= timedelta(days=1)
    return found


def _kept_on(day: date, months: Sequence[LunarMonth]) -> Iterator[Birthday]:
    yield Birthday(SOLAR, day.month, day.day, day.year)
    if (day.month, day.day) == (2, 28) and not _has_29_february(day.year):
        yield Birthday(SOLAR, 2, 29, day.year)
    for month in months:
        number = (day - month.date_from).days + 1
        if month.is_leap or not 1 <= number <= month.days:
            continue
        last = LONGEST_LUNAR_DAY if number == month.days else number
        for spoken in range(number, last + 1):
            yield Birthday(LUNAR, month.month, spoken, month.year)


def latest_birth(day: date, age: int) -> date:
    """The last day of birth of those who are that old on a day.

    >>> print(latest_birth(date(2026, 10, 18), 60), latest_birth(date(2028, 2, 29), 61))
    1966-10-18 1967-02-28
    """
    return solar_birthday(day.month, day.day, day.year - age)


def earliest(day: date, start: time, now: datetime) -> datetime | None:
    """The first decent moment of a day from ``start`` and from now on, None when it is too late.

    All of it in the customer's time zone.

    >>> print(earliest(date(2026, 3, 10), BIRTHDAY_START, datetime(2026, 3, 10, 0, 30)))
    2026-03-10 09:30:00
    >>> print(earliest(date(2026, 3, 10), START, datetime(2026, 3, 10, 12, 0)))
    2026-03-10 14:30:00
    >>> print(earliest(date(2026, 3, 10), START, datetime(2026, 3, 10, 20, 0)))
    None
    """
    moment = max(datetime.combine(day, start), now)
    for opens, closes in DECENT_HOURS:
        moment = max(moment, datetime.combine(day, opens))
        if moment < datetime.combine(day, closes):
            return moment
    return None


def _has_29_february(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


_MONTHS = (
    LunarMonth(2028, 5, False, date(2028, 5, 24), 30),
    LunarMonth(2028, 5, True, date(2028, 6, 23), 29),
    LunarMonth(2028, 6, False, date(2028, 7, 22), 29),
)
