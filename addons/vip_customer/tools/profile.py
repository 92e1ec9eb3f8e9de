"""How complete the profile of a customer is, and what to ask him next, free of the ORM.

``profile_sql`` says the same of a whole book; a test keeps both together.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

KNOWN, OUTDATED, MISSING = "known", "outdated", "missing"
# An answer counts for so many months from the day it was told.
MONTHS_VALID = 24


class Item(NamedTuple):
    """Something that is asked of a customer, and when he told it; never outdated where ``lasts``."""

    id: int
    weight: int
    told_on: date | None
    lasts: bool = False


def state(item: Item, today: date) -> str:
    """
    >>> today = date(2026, 3, 10)
    >>> state(Item(1, 5, date(2024, 3, 10)), today), state(Item(1, 5, date(2024, 3, 9)), today)
    ('known', 'outdated')
    >>> state(Item(1, 5, None), today), state(Item(1, 15, date(1950, 1, 1), lasts=True), today)
    ('missing', 'known')
    >>> state(Item(1, 5, date(2024, 2, 29)), date(2026, 2, 28))
    'known'
    """
    if item.told_on is None:
        return MISSING
    if item.lasts or item.told_on >= today - relativedelta(months=MONTHS_VALID):
        return KNOWN
    return OUTDATED


def completeness(items: Iterable[Item], today: date) -> int:
    """Weight of what is known and not too old in percent of the weight of all that is asked, cut off: a
    hundred is said only of a profile with everything in it. Who is asked nothing has nothing missing.

    >>> today = date(2026, 3, 10)
    >>> items = [Item(1, 15, today), Item(2, 15, date(2020, 1, 1)), Item(3, 10, None), Item(4, 15, today)]
    >>> completeness(items, today)
    54
    >>> completeness([], today), completeness(items[:1], today), completeness(items[2:3], today)
    (100, 100, 0)
    """
    total = known = 0
    for item in items:
        total += item.weight
        known += item.weight if state(item, today) == KNOWN else 0
    return 100 * known // total if total else 100


def ask_next(items: Sequence[Item], today: date) -> Item | None:
    """What to ask at the next opportunity: the heaviest of what is missing, then the oldest of what is
    outdated; nothing where all is known. Of two alike the one that is listed first.

    >>> today = date(2026, 3, 10)
    >>> hours, hobby = Item(1, 15, date(2020, 1, 1)), Item(2, 10, date(2019, 1, 1))
    >>> ask_next([hours, hobby, Item(3, 5, None), Item(4, 5, None)], today).id
    3
    >>> ask_next([hours, hobby], today).id
    2
    >>> ask_next([Item(1, 15, today)], today)
    """
    missing = [item for item in items if state(item, today) == MISSING]
    if missing:
        return max(missing, key=lambda item: item.weight)
    outdated = [item for item in items if state(item, today) == OUTDATED]
    return min(outdated, key=lambda item: item.told_on, default=None)
