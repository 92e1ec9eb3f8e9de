"""What an entitlement grants and whether it may be used: plain arithmetic without a database.

``tools/quota_sql.py`` says the same set-based, a property test compares them. Quantities are whole units
of a benefit; amounts (a repair allowance) are units of 1 in the company's currency.
"""

from typing import NamedTuple

# what happens when an entitlement is used up
BLOCK, WARN, ALLOW = "block", "warn", "allow"
# how long an entitlement lasts
MONTH, YEAR, ONCE = "month", "year", "once"


class Promise(NamedTuple):
    """What a tier promises of one benefit: a quantity (0 = unlimited), and what happens beyond it."""

    quantity: int
    when_exhausted: str = BLOCK


class Quota(NamedTuple):
    """An entitlement: one customer, benefit and period.

    ``promise`` is what the tier promised when it was granted last, None for nothing.
    """

    promise: Promise | None
    granted: int = 0
    goodwill: int = 0
    used: int = 0
    is_unlimited: bool = False
    when_exhausted: str = BLOCK

    @property
    def remaining(self) -> int:
        """Units left; below zero where a benefit that does not block was given beyond the quota."""
        return self.granted - self.used


def grant(promise: Promise) -> Quota:
    """The entitlement of a new period: in full, no pro rata.

    >>> grant(Promise(6))
    Quota(promise=Promise(quantity=6, when_exhausted='block'), granted=6, goodwill=0, used=0, \
is_unlimited=False, when_exhausted='block')
    >>> grant(Promise(0, WARN)).is_unlimited
    True
    """
    return Quota(
        promise,
        granted=promise.quantity,
        is_unlimited=promise.quantity == 0,
        when_exhausted=promise.when_exhausted,
    )


def regrant(quota: Quota, promise: Promise | None, keep: bool = False) -> Quota:
    """The entitlement after a change of what the tier promises.

    More is granted at once and in full. Less is granted down to what was used; with ``keep`` nothing is
    taken away within the period. Where nothing is promised any more, what is left blocks when it is used
    up. What blocks never shows less than was used. The same promise again changes nothing.

    A gold customer with 6 airport transfers, 4 of them used, becomes silver, which has none:

    >>> gold = grant(Promise(6))._replace(used=4)
    >>> regrant(gold, None).remaining
    0
    >>> regrant(gold, None, keep=True).remaining
    2

    and diamond, which has 12:

    >>> regrant(gold, Promise(12)).remaining
    8

    Goodwill comes on top:

    >>> regrant(gold._replace(goodwill=1, granted=7), Promise(12)).granted
    13

    From unlimited to two visits a year, five of them used:

    >>> visits = grant(Promise(0, WARN))._replace(used=5)
    >>> regrant(visits, Promise(2, WARN)).remaining
    0

    300 of a repair allowance of 200 were given; the downgrade leaves nothing, not a debt:

    >>> repair = grant(Promise(200, WARN))._replace(used=300)
    >>> (repair.remaining, regrant(repair, None).remaining)
    (-100, 0)
    """
    if promise == quota.promise:
        return quota
    when_exhausted = promise.when_exhausted if promise else BLOCK
    target = (promise.quantity if promise else 0) + quota.goodwill
    is_unlimited = _quantity(promise) == 0 or (keep and quota.is_unlimited)
    if _quantity(promise) == _quantity(quota.promise):
        granted, is_unlimited = quota.granted, quota.is_unlimited
    elif quota.is_unlimited:
        granted = max(target, quota.used)
    elif target >= quota.granted:
        granted = target
    else:
        granted = quota.granted if keep else max(target, quota.used)
    if when_exhausted == BLOCK:
        granted = max(granted, quota.used)
    return quota._replace(
        promise=promise,
        granted=granted,
        is_unlimited=is_unlimited,
        when_exhausted=when_exhausted,
    )


def _quantity(promise: Promise | None) -> int | None:
    return promise.quantity if promise else None


def may_use(quota: Quota, quantity: int) -> bool:
    """Whether so many units may be given; only ``warn`` and ``allow`` go beyond what was granted.

    >>> may_use(grant(Promise(2)), 2), may_use(grant(Promise(2)), 3)
    (True, False)
    >>> may_use(grant(Promise(2, WARN)), 3), may_use(grant(Promise(0)), 1000)
    (True, True)
    """
    return (
        quota.is_unlimited
        or quota.when_exhausted != BLOCK
        or quota.used + quantity <= quota.granted
    )


def use(quota: Quota, quantity: int) -> Quota:
    """The entitlement after a redemption; a negative quantity gives units back.

    >>> use(use(grant(Promise(2)), 2), -1).remaining
    1
    """
    return quota._replace(used=quota.used + quantity)


def may_adjust(quota: Quota, quantity: int) -> bool:
    """Whether goodwill may be given (positive) or withdrawn: not more than was given, and nothing that
    is used.

    >>> may_adjust(grant(Promise(2)), 1), may_adjust(grant(Promise(2)), -1)
    (True, False)
    """
    return quota.goodwill + quantity >= 0 and (quantity > 0 or quota.remaining + quantity >= 0)


def adjust(quota: Quota, quantity: int) -> Quota:
    """The entitlement after a goodwill grant or withdrawal.

    >>> adjust(grant(Promise(2)), 1).granted
    3
    """
    return quota._replace(granted=quota.granted + quantity, goodwill=quota.goodwill + quantity)
