"""What the selectors by a measured speed share: the lowest score first, less what goes exploring.

    score = cost of speed * (1 + in_flight / room), lowest first; within 10 % of the lowest by weight

A cost is lower for the faster, and unknown until there are enough samples. room: see crowding.py; exploring: see exploration.py.
"""

from collections.abc import Callable, Sequence

from routing.selection import crowding, exploration, lowest_first
from routing.selection.base import UNKNOWN, Choice, Choosable, Draw, Vitals, VitalsByID
from routing.selection.lowest_first import Score

TOLERANCE = 1.1

CostOfSpeed = Callable[[Vitals], float | None]


def order(choices: Sequence[Choice], vitals: VitalsByID, draw: Draw, cost: CostOfSpeed) -> list[Choice]:
    """The fastest first; those that nobody has measured last, except when it is their turn to be explored."""
    first = exploration.explored(choices, vitals, draw)
    by_score = lowest_first.order(choices, _score(choices, vitals, cost), draw, tolerance=TOLERANCE)
    return exploration.with_first(first, by_score)


def chances(choices: Sequence[Choosable], vitals: VitalsByID, cost: CostOfSpeed) -> list[float]:
    """The fastest, less what goes exploring."""
    of_best = lowest_first.chances(choices, _score(choices, vitals, cost), tolerance=TOLERANCE)
    return exploration.chances(choices, vitals, of_best)


def _score(choices: Sequence[Choosable], vitals: VitalsByID, cost: CostOfSpeed) -> Score:
    rooms = crowding.rooms(choices)

    def score(choice: Choosable) -> float | None:
        known = vitals.get(choice.id, UNKNOWN)
        slowness = cost(known) if known.samples >= exploration.ENOUGH_SAMPLES else None
        return None if slowness is None else slowness * (1 + known.in_flight / rooms[choice.id])

    return score
