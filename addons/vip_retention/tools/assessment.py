"""The score of a branch: plain arithmetic without a database (``standard.md`` 9.4 and 10).

A figure that nobody knows is ``None``: it is left out, and its weight is spread over the others.
"""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

FULL = 100.0
# what an answer is worth of the item's points
YES, PARTLY, NO = "yes", "partly", "no"
SHARES = {YES: 1.0, PARTLY: 0.5, NO: 0.0}


class Goal(NamedTuple):
    """What earns all points, and what earns none. At most where the floor lies above the target."""

    target: float
    floor: float


class Group(NamedTuple):
    """What was reached in a tier: what is divided by what, over the months of the quarter."""

    above: float
    below: float

    @property
    def figure(self) -> float | None:
        return self.above / self.below if self.below else None


class Counted(NamedTuple):
    """An indicator in the result: the share of the weight it has, and its points, out of 100."""

    weight: float
    points: float


def rounded(value: float) -> float:
    """To one decimal, halves up, as one does by hand.

    >>> rounded(47.25), rounded(0.35), rounded(99.96)
    (47.3, 0.4, 100.0)
    """
    # a float that is a half by hand may lie a hair below it
    exact = Decimal(str(round(value, 9)))
    return float(exact.quantize(Decimal("0.1"), ROUND_HALF_UP))


def is_wrong_way(goal: Goal, at_most: bool) -> bool:
    """Whether the floor is not worse than the target.

    >>> is_wrong_way(Goal(0.003, 0.025), at_most=True), is_wrong_way(Goal(0.98, 0.70), at_most=True)
    (False, True)
    >>> is_wrong_way(Goal(0.5, 0.5), at_most=False)
    True
    """
    return goal.floor <= goal.target if at_most else goal.floor >= goal.target


def score(figure: float | None, goal: Goal) -> float | None:
    """100 at or beyond the target, 0 at or beyond the floor, a straight line between.

    >>> churn = Goal(0.003, 0.025)
    >>> [score(figure, churn) for figure in (0.001, 0.003, 0.014, 0.025, 0.4)]
    [100.0, 100.0, 50.0, 0.0, 0.0]
    >>> coverage = Goal(0.98, 0.70)
    >>> [score(figure, coverage) for figure in (1.0, 0.98, 0.91, 0.70, 0.1)]
    [100.0, 100.0, 75.0, 0.0, 0.0]
    >>> score(None, coverage)
    """
    if figure is None:
        return None
    reached = (figure - goal.floor) / (goal.target - goal.floor)
    return rounded(FULL * min(max(0.0, reached), 1.0))


def is_reached(figure: float, goal: Goal) -> bool:
    """At or beyond the target itself: a score is rounded, and full from a hair before it.

    >>> coverage = Goal(0.98, 0.70)
    >>> score(146 / 149, coverage), is_reached(146 / 149, coverage), is_reached(49 / 50, coverage)
    (100.0, False, True)
    >>> churn = Goal(0.003, 0.025)
    >>> is_reached(0.003, churn), is_reached(0.00301, churn)
    (True, False)
    """
    at_most = goal.floor > goal.target
    return figure <= goal.target if at_most else figure >= goal.target


def branch_score(tiers: Iterable[tuple[Group, Goal]]) -> float | None:
    """The scores of the tiers that have a goal, weighted by what each divides by.

    300 diamond customers at 1.4 % churn (50.0), 100 gold ones at 0.6 % (100.0):

    >>> branch_score([(Group(4.2, 300), Goal(0.003, 0.025)), (Group(0.6, 100), Goal(0.006, 0.025))])
    62.5
    >>> branch_score([(Group(0, 0), Goal(0.6, 0.15)), (Group(1, 2), Goal(0.5, 0.15))])
    100.0
    >>> branch_score([(Group(0, 0), Goal(0.6, 0.15))])
    """
    scored = [(score(group.figure, goal), group.below) for group, goal in tiers if group.below]
    if not scored:
        return None
    return rounded(sum(value * below for value, below in scored) / sum(b for _v, b in scored))


def checklist_score(answers: Sequence[tuple[str | None, float]]) -> float | None:
    """The points of a part of the checklist, out of 100; None before anything is answered.

    :param answers: (yes, partly, no or nothing yet; points of the item)

    >>> checklist_score([("yes", 2), ("yes", 2), ("partly", 2), ("no", 2), ("yes", 2)])
    70.0
    >>> checklist_score([("yes", 2), (None, 2)]), checklist_score([(None, 2)]), checklist_score([])
    (50.0, None, None)
    """
    points = sum(points for _answer, points in answers)
    if not points or not any(answer for answer, _points in answers):
        return None
    earned = sum(SHARES[answer] * points for answer, points in answers if answer)
    return rounded(FULL * earned / points)


def spread(indicators: Sequence[tuple[float, float | None]]) -> list[Counted]:
    """What each indicator counts, when those without a score leave their weight to the others.

    :param indicators: (weight, score)

    >>> spread([(20, 50.0), (60, 100.0), (20, None)])
    [Counted(weight=25.0, points=12.5), Counted(weight=75.0, points=75.0), Counted(weight=0.0, points=0.0)]
    """
    known = sum(weight for weight, value in indicators if value is not None)
    result = []
    for weight, value in indicators:
        share = FULL * weight / known if known and value is not None else 0.0
        result.append(Counted(share, share * (value or 0.0) / FULL))
    return result


def total(indicators: Sequence[tuple[float, float | None]]) -> float | None:
    """The result out of 100, None where nothing is known.

    >>> total([(20, 50.0), (60, 100.0), (20, None)])
    87.5
    >>> total([(20, None), (0, 100.0)])
    """
    if not any(weight for weight, value in indicators if value is not None):
        return None
    return rounded(sum(counted.points for counted in spread(indicators)))
