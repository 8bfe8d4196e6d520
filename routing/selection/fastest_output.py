"""The most output tokens per second first, by what was measured; exploring as in exploration.py.

    score = (1 + in_flight / room) / tokens_per_second, lowest first; within 10 % of the lowest by weight

tokens_per_second is an exponentially weighted mean over the good answers, from the beginning of the request to the last token: a
burst after a long silence is not fast. room: see crowding.py.
"""

from collections.abc import Sequence

from routing.selection import crowding, exploration, lowest_first
from routing.selection.base import UNKNOWN, Choice, Choosable, Draw, VitalsByID
from routing.selection.lowest_first import Score

TOLERANCE = 1.1


def order(choices: Sequence[Choice], vitals: VitalsByID, draw: Draw) -> list[Choice]:
    """The fastest first; those that nobody has measured last, except when it is their turn to be explored."""
    first = exploration.explored(choices, vitals, draw)
    by_score = lowest_first.order(choices, _score(choices, vitals), draw, tolerance=TOLERANCE)
    return exploration.with_first(first, by_score)


def chances(choices: Sequence[Choosable], vitals: VitalsByID) -> list[float]:
    """The fastest, less what goes exploring."""
    of_best = lowest_first.chances(choices, _score(choices, vitals), tolerance=TOLERANCE)
    return exploration.chances(choices, vitals, of_best)


def _score(choices: Sequence[Choosable], vitals: VitalsByID) -> Score:
    rooms = crowding.rooms(choices)

    def score(choice: Choosable) -> float | None:
        known = vitals.get(choice.id, UNKNOWN)
        if not known.tokens_per_second or known.samples < exploration.ENOUGH_SAMPLES:
            return None
        return (1 + known.in_flight / rooms[choice.id]) / known.tokens_per_second

    return score
