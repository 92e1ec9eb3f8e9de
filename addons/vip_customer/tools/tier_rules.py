"""How a tier is decided: the arithmetic people argue about, free of the ORM.

Amounts are ``Decimal`` in the company's currency, months are the first day of the month, dates are
those of the company's calendar. Every bound is inclusive and compares the unrounded figure. The same
rule as set-based SQL is ``tier_sql.py``; a property test proves that the two agree.

How it works: ``window_of`` says which months count, ``figures_of`` turns a customer's bills into
figures, ``earned_rule`` finds the best rule that holds, ``decide`` applies the downgrade policy and
the override and names the movement.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from math import floor
from typing import NamedTuple

CALENDAR_YEAR, ROLLING = "calendar_year", "rolling"
ALL, NEW, ONE = "all", "new", "one"
EARNED, ONE_STEP = "earned", "one_step"
IMMEDIATE, AT_EXPIRY = "immediate", "at_expiry"
FLOOR, FIXED, EXCLUDE = "floor", "fixed", "exclude"
ENTER, UP, KEEP, DOWN, LEAVE, HOLD = "enter", "up", "keep", "down", "leave", "hold"


@dataclass(frozen=True)
class Tier:
    """A tier as the rule sees it; a higher ``rank`` is better, ranks are at least 1."""

    id: int
    rank: int


@dataclass(frozen=True)
class Rule:
    """One way to earn ``tier``. All asked conditions must hold; 0 means not asked."""

    id: int
    tier: Tier
    min_average_spend: Decimal = Decimal(0)
    min_total_spend: Decimal = Decimal(0)
    min_score: int = 0
    min_tenure_months: int = 0


class Band(NamedTuple):
    """Points for at least ``min_months`` months with us; only the highest band reached counts."""

    min_months: int
    points: int


@dataclass(frozen=True)
class Standard:
    """One year's rule book. ``tiers`` are the active tiers, ``rules`` only those of active tiers."""

    date_to: date
    tiers: tuple[Tier, ...]
    rules: tuple[Rule, ...] = ()
    bands: tuple[Band, ...] = ()
    window: str = CALENDAR_YEAR
    window_months: int = 12
    new_window_months: int = 0
    min_tenure_months: int = 0
    points_per_unit: Decimal = Decimal(1)
    arrears_penalty: int = 0
    arrears_penalty_max: int = 0
    downgrade_step: str = EARNED
    downgrade_timing: str = IMMEDIATE
    grace_days: int = 0


class Window(NamedTuple):
    """First and last month that count, both as the first day of the month, both included."""

    first: date
    last: date


@dataclass(frozen=True)
class Figures:
    """What the rules look at. ``tenure`` is None where the joining date is unknown."""

    total: Decimal
    months: int
    tenure: int | None
    arrears: int
    band_points: int
    penalty: int
    score: int

    @property
    def average(self) -> Decimal:
        """Average monthly spend, for display only: rules compare ``total`` with bound x months."""
        return self.total / self.months


@dataclass(frozen=True)
class Override:
    """An approved exception in force: ``floor`` takes the higher, ``fixed`` replaces, ``exclude``
    removes. While it decides, the tier is valid until ``date_to``."""

    kind: str
    date_to: date
    tier: Tier | None = None


@dataclass(frozen=True)
class Standing:
    """Where a customer stands: ``base`` is what runs decided, ``tier`` is what counts."""

    tier: Tier | None = None
    base: Tier | None = None
    base_valid_until: date | None = None
    is_open: bool = True
    override: Override | None = field(default=None)


@dataclass(frozen=True)
class Decision:
    base: Tier | None
    base_valid_until: date | None
    tier: Tier | None
    valid_until: date | None
    movement: str


def add_months(month: date, count: int) -> date:
    """The first day of the month ``count`` months after (before, if negative) the one of ``month``.

    >>> add_months(date(2026, 1, 15), -1), add_months(date(2025, 12, 1), 2)
    (datetime.date(2025, 12, 1), datetime.date(2026, 2, 1))
    """
    year, month0 = divmod(month.year * 12 + month.month - 1 + count, 12)
    return date(year, month0 + 1, 1)


def months_between(first: date, last: date) -> int:
    """How many calendar months lie from ``first`` to ``last``, days ignored.

    >>> months_between(date(2025, 11, 1), date(2026, 2, 28))
    3
    """
    return (last.year - first.year) * 12 + last.month - first.month


def tenure_months(joined_on: date, as_of: date) -> int:
    """Full months with us; no rounding at the end of a month.

    >>> tenure_months(date(2025, 8, 31), date(2026, 2, 28))
    5
    >>> tenure_months(date(2025, 8, 28), date(2026, 2, 28))
    6
    """
    return months_between(joined_on, as_of) - (as_of.day < joined_on.day)


def window_of(standard: Standard, as_of: date, scope: str = ALL) -> Window:
    """The months a run with this date and scope looks at.

    >>> year = Standard(date(2027, 1, 31), (), new_window_months=6)
    >>> [str(month) for month in window_of(year, date(2026, 2, 1))]
    ['2025-01-01', '2025-12-01']
    >>> [str(month) for month in window_of(year, date(2026, 7, 10), NEW)]
    ['2026-01-01', '2026-06-01']
    >>> rolling = Standard(date(2027, 1, 31), (), window=ROLLING, window_months=3)
    >>> [str(month) for month in window_of(rolling, date(2026, 2, 28))]
    ['2025-11-01', '2026-01-01']
    """
    if scope == NEW and standard.new_window_months:
        length = standard.new_window_months
    elif standard.window == ROLLING:
        length = standard.window_months
    else:
        return Window(date(as_of.year - 1, 1, 1), date(as_of.year - 1, 12, 1))
    return Window(add_months(as_of, -length), add_months(as_of, -1))


def average_months(window: Window, joined_on: date | None) -> int:
    """Months the average is taken over: from the later of the window's first month and the month of
    joining, at least 1; all of them where the joining date is unknown.

    >>> year = Window(date(2025, 1, 1), date(2025, 12, 1))
    >>> average_months(year, None), average_months(year, date(2025, 10, 31))
    (12, 3)
    >>> average_months(year, date(2026, 3, 1))
    1
    """
    first = max(window.first, joined_on.replace(day=1)) if joined_on else window.first
    return max(months_between(first, window.last) + 1, 1)


def band_points(bands: tuple[Band, ...], tenure: int | None) -> int:
    """Points of the highest band reached, bound included; 0 where tenure is unknown.

    >>> bands = (Band(12, 100), Band(36, 200), Band(120, 300))
    >>> [band_points(bands, tenure) for tenure in (None, 11, 12, 40, 120)]
    [0, 0, 100, 200, 300]
    """
    reached = [band for band in bands if tenure is not None and tenure >= band.min_months]
    return max(reached).points if reached else 0


def figures_of(
    standard: Standard,
    window: Window,
    as_of: date,
    total: Decimal,
    arrears: int,
    joined_on: date | None,
) -> Figures:
    """A customer's figures. ``total`` is the sum of all bills of his numbers in the window, credit
    notes negative; ``arrears`` the number of suspensions in it.

    The worked example of the standard: 12 bills of 650, 40 months, one suspension.

    >>> preset = Standard(date(2027, 1, 31), (), bands=(Band(12, 100), Band(36, 200)),
    ...                   arrears_penalty=100, arrears_penalty_max=500)
    >>> day = date(2026, 2, 1)
    >>> figures = figures_of(preset, window_of(preset, day), day, Decimal(7800), 1, date(2022, 10, 1))
    >>> figures.average, figures.score, figures.tenure
    (Decimal('650'), 7900, 40)

    A credit balance gives no spend points, but the penalty still counts:

    >>> figures_of(preset, window_of(preset, day), day, Decimal(-5), 9, None).score
    -500
    """
    tenure = tenure_months(joined_on, as_of) if joined_on else None
    points = band_points(standard.bands, tenure)
    penalty = min(arrears * standard.arrears_penalty, standard.arrears_penalty_max)
    return Figures(
        total=total,
        months=average_months(window, joined_on),
        tenure=tenure,
        arrears=arrears,
        band_points=points,
        penalty=penalty,
        score=max(floor(total * standard.points_per_unit), 0) + points - penalty,
    )


def missing(rule: Rule, standard: Standard, figures: Figures) -> dict[str, Decimal | int | None]:
    """What keeps ``rule`` from holding, condition by condition; empty when it holds.

    ``total`` is the spend still missing in the window, ``score`` the points, ``tenure`` the months
    (None where the joining date is unknown).

    >>> gold = Rule(1, Tier(2, 20), min_average_spend=Decimal(700))
    >>> book = Standard(date(2027, 1, 31), ())
    >>> missing(gold, book, Figures(Decimal("8400.00"), 12, None, 0, 0, 0, 0))
    {}
    >>> missing(gold, book, Figures(Decimal("8399.99"), 12, None, 0, 0, 0, 0))
    {'total': Decimal('0.01')}
    """
    gaps: dict[str, Decimal | int | None] = {}
    total = max(_asked_totals(rule, figures.months), default=None)
    if total is not None and figures.total < total:
        gaps["total"] = total - figures.total
    if rule.min_score and figures.score < rule.min_score:
        gaps["score"] = rule.min_score - figures.score
    tenure = max(rule.min_tenure_months, standard.min_tenure_months)
    if tenure and (figures.tenure is None or figures.tenure < tenure):
        gaps["tenure"] = None if figures.tenure is None else tenure - figures.tenure
    return gaps


def _asked_totals(rule: Rule, months: int) -> list[Decimal]:
    asked = []
    if rule.min_average_spend:
        asked.append(rule.min_average_spend * months)
    if rule.min_total_spend:
        asked.append(rule.min_total_spend)
    return asked


def earned_rule(standard: Standard, figures: Figures) -> Rule | None:
    """The first rule that holds of the highest-ranked tier that has one.

    Exactly 700.00 is gold, and years with us lift 690 over the bar until a suspension takes it away:

    >>> silver, gold = Tier(1, 10), Tier(2, 20)
    >>> book = Standard(date(2027, 1, 31), (silver, gold), (
    ...     Rule(1, silver, min_average_spend=Decimal(300)),
    ...     Rule(2, gold, min_average_spend=Decimal(700)),
    ...     Rule(3, gold, min_score=8400, min_tenure_months=12)), (Band(36, 200),),
    ...     arrears_penalty=100, arrears_penalty_max=500)
    >>> def earned(total, arrears, joined_on=date(2022, 10, 1), day=date(2026, 2, 1)):
    ...     figures = figures_of(book, window_of(book, day), day, Decimal(total), arrears, joined_on)
    ...     rule = earned_rule(book, figures)
    ...     return rule and rule.id
    >>> [earned(8400, 9), earned("8399.99", 9), earned(8280, 0), earned(8280, 1), earned(3599, 0)]
    [2, 1, 3, 1, None]
    >>> earned(8280, 0, joined_on=None)
    1
    """
    best = sorted(standard.rules, key=lambda rule: -rule.tier.rank)
    return next((rule for rule in best if not missing(rule, standard, figures)), None)


def rank(tier: Tier | None) -> int:
    """The rank, 0 for no tier.

    >>> rank(None), rank(Tier(1, 10))
    (0, 10)
    """
    return tier.rank if tier else 0


def next_lower(tiers: tuple[Tier, ...], tier: Tier) -> Tier | None:
    """The best active tier below ``tier``, which may itself be archived.

    >>> next_lower((Tier(1, 10), Tier(2, 20)), Tier(9, 15))
    Tier(id=1, rank=10)
    """
    return max((t for t in tiers if t.rank < tier.rank), key=rank, default=None)


def decide(standard: Standard, standing: Standing, earned: Tier | None, as_of: date) -> Decision:
    """Apply the order of decision of the design, section 5, to one customer.

    >>> silver, gold, diamond = Tier(1, 10), Tier(2, 20), Tier(3, 30)
    >>> end, day = date(2027, 1, 31), date(2026, 2, 1)
    >>> def new(standing, earned, **terms):
    ...     decision = decide(Standard(end, (silver, gold, diamond), **terms), standing, earned, day)
    ...     return decision.movement, rank(decision.tier)
    >>> was = Standing(diamond, diamond, date(2026, 1, 31))
    >>> new(was, silver), new(was, silver, downgrade_step=ONE_STEP)
    (('down', 10), ('down', 20))
    >>> new(was, silver, downgrade_timing=AT_EXPIRY, grace_days=1)
    ('hold', 30)
    >>> new(Standing(silver, silver, end), None, downgrade_step=ONE_STEP)
    ('leave', 0)
    >>> new(Standing(gold, gold, end, override=Override(FLOOR, end, gold)), silver)
    ('keep', 20)
    >>> new(Standing(gold, gold, end, is_open=False, override=Override(FIXED, end, gold)), gold)
    ('leave', 0)
    """
    if not standing.is_open:
        # The base stays: it comes back if a number opens again while it is valid.
        moved = movement(standing.tier, None)
        return Decision(standing.base, standing.base_valid_until, None, None, moved)
    base, valid_until, held = _decide_base(standard, standing, earned, as_of)
    tier, tier_valid_until = with_override(base, valid_until, standing.override)
    return Decision(base, valid_until, tier, tier_valid_until, movement(standing.tier, tier, held))


def _decide_base(
    standard: Standard, standing: Standing, earned: Tier | None, as_of: date
) -> tuple[Tier | None, date | None, bool]:
    old = standing.base
    if old and rank(earned) < old.rank:
        last_day = standing.base_valid_until
        waits = standard.downgrade_timing == AT_EXPIRY and last_day is not None
        if waits and (as_of - last_day).days <= standard.grace_days:
            return old, last_day, True
        if standard.downgrade_step == ONE_STEP:
            earned = max(earned, next_lower(standard.tiers, old), key=rank)
    return earned, standard.date_to if earned else None, False


def with_override(
    base: Tier | None, valid_until: date | None, override: Override | None
) -> tuple[Tier | None, date | None]:
    """The tier that counts and its validity, the override on top of the base.

    >>> gold, last = Tier(2, 20), date(2026, 6, 30)
    >>> with_override(gold, date(2027, 1, 31), Override(FLOOR, last, Tier(1, 10)))
    (Tier(id=2, rank=20), datetime.date(2027, 1, 31))
    >>> with_override(gold, date(2027, 1, 31), Override(EXCLUDE, last))
    (None, None)
    """
    if override is None:
        return base, valid_until
    if override.kind == EXCLUDE:
        return None, None
    if override.kind == FLOOR and rank(base) >= rank(override.tier):
        return base, valid_until
    return override.tier, override.date_to


def movement(old: Tier | None, new: Tier | None, held: bool = False) -> str:
    """What happens to the tier that counts. Without a tier before and after (an excluded customer)
    nothing happens, which is called ``keep``.

    >>> movement(None, Tier(1, 10)), movement(Tier(1, 10), Tier(1, 10), held=True)
    ('enter', 'hold')
    """
    if rank(old) == rank(new):
        return HOLD if held else KEEP
    if old is None:
        return ENTER
    if new is None:
        return LEAVE
    return UP if new.rank > old.rank else DOWN
