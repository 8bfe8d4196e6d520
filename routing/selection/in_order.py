"""Always the same order: the one in which the targets stand."""

from collections.abc import Sequence

from routing.selection.base import Choice, Choosable, Draw, VitalsByID


def order(choices: Sequence[Choice], vitals: VitalsByID, draw: Draw) -> list[Choice]:
    """As they stand."""
    return list(choices)


def chances(choices: Sequence[Choosable], vitals: VitalsByID) -> list[float]:
    """The first one, always."""
    return [1.0 if place == 0 else 0.0 for place in range(len(choices))]
