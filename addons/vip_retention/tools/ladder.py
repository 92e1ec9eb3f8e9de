"""What an offer is worth, free of the ORM."""

from decimal import ROUND_UP, Decimal

MONTHS = 12
# An offer that takes longer to come back is shown last, and says so.
LONGEST_BREAK_EVEN = 12


def break_even(cost: Decimal, year: Decimal, margin: Decimal) -> Decimal | None:
    """Months until a customer has earned an offer: cost ÷ (average monthly bill × margin), to one decimal,
    rounded up, so that twelve months are never called less.

    :param year: billed for his numbers in the last 12 full months
    :param margin: share of a bill that is earned, 0.30 for 30 %
    :return: None where he has no bills to earn it from

    >>> print(break_even(Decimal(240), Decimal(7800), Decimal("0.30")))
    1.3
    >>> print(break_even(Decimal(0), Decimal(0), Decimal(1)), break_even(Decimal(50), Decimal(0), Decimal(1)))
    0.0 None
    """
    if not cost:
        return Decimal("0.0")
    earned = year / MONTHS * margin
    if earned <= 0:
        return None
    return (cost / earned).quantize(Decimal("0.1"), ROUND_UP)


def rank(cost: Decimal, months: Decimal | None) -> tuple[bool, Decimal]:
    """The key by which a ladder is sorted: cheapest first, but what never or late comes back last.

    >>> sorted([(Decimal(50), None), (Decimal(240), Decimal(2)), (Decimal(0), Decimal(0))],
    ...        key=lambda offer: rank(*offer))[-1]
    (Decimal('50'), None)
    """
    return (months is None or months > LONGEST_BREAK_EVEN, cost)
