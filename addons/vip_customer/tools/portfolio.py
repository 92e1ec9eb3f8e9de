"""How customers are spread over account managers: plain arithmetic without a database."""

from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush

# What a customer of a tier weighs, by the place of the tier from the best (standard: diamond 3, gold 1.5,
# silver 1); every further tier weighs as the last.
WEIGHTS = (3.0, 1.5, 1.0)


def weight(place: int | None) -> float:
    """The work that a customer means for his manager; half of the least without a tier.

    >>> weight(0), weight(2), weight(7), weight(None)
    (3.0, 1.0, 1.0, 0.5)
    """
    if place is None:
        return WEIGHTS[-1] / 2
    return WEIGHTS[min(place, len(WEIGHTS) - 1)]


def spread(customers: Sequence[tuple[int, float]], loads: Mapping[int, float]) -> dict[int, int]:
    """Give every customer to a manager, heaviest first, always to who has least to do.

    :param customers: (customer, weight)
    :param loads: manager -> weight of what he has already
    :return: customer -> manager; empty where there is no manager

    >>> spread([(1, 3.0), (2, 1.0), (3, 1.0), (4, 1.0)], {7: 0.0, 8: 0.0})
    {1: 7, 2: 8, 3: 8, 4: 8}
    >>> spread([(1, 1.0)], {7: 5.0, 8: 4.0})
    {1: 8}
    >>> spread([(1, 1.0)], {})
    {}
    """
    queue = [(load, manager) for manager, load in loads.items()]
    heapify(queue)
    given = {}
    for customer, heaviness in sorted(customers, key=lambda pair: (-pair[1], pair[0])):
        if not queue:
            break
        load, manager = heappop(queue)
        given[customer] = manager
        heappush(queue, (load + heaviness, manager))
    return given
