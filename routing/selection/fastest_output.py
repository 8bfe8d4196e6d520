"""The most output tokens per second first, by what was measured; exploring as in exploration.py.

    score = (1 + in_flight / room) / tokens_per_second, lowest first; within 10 % of the lowest by weight

tokens_per_second is an exponentially weighted mean over the good answers, from the beginning of the request to the last token: a
burst after a long silence is not fast. room: see crowding.py.
"""

from collections.abc import Sequence

from routing.selection import measured
from routing.selection.base import Choice, Choosable, Draw, Vitals, VitalsByID


def order(choices: Sequence[Choice], vitals: VitalsByID, draw: Draw) -> list[Choice]:
    """The fastest first."""
    return measured.order(choices, vitals, draw, _cost)


def chances(choices: Sequence[Choosable], vitals: VitalsByID) -> list[float]:
    """The fastest, less what goes exploring."""
    return measured.chances(choices, vitals, _cost)


def _cost(known: Vitals) -> float | None:
    return 1 / known.tokens_per_second if known.tokens_per_second else None
