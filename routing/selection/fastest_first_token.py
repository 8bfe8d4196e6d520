"""The quickest to the first token first, by what was measured; exploring as in exploration.py.

    score = first_byte_ms * (1 + in_flight / room), lowest first; within 10 % of the lowest by weight

first_byte_ms is an exponentially weighted mean over answers that were good, so a target that fails at once never looks fast.
room: see crowding.py.
"""

from collections.abc import Sequence

from routing.selection import measured
from routing.selection.base import Choice, Choosable, Draw, Vitals, VitalsByID


def order(choices: Sequence[Choice], vitals: VitalsByID, draw: Draw) -> list[Choice]:
    """The quickest first."""
    return measured.order(choices, vitals, draw, _cost)


def chances(choices: Sequence[Choosable], vitals: VitalsByID) -> list[float]:
    """The quickest, less what goes exploring."""
    return measured.chances(choices, vitals, _cost)


def _cost(known: Vitals) -> float | None:
    return known.first_byte_ms
