"""Whoever was used least in the last minute for its weight: tokens / weight, lowest first, equals by weight.

For accounts that limit tokens per minute: with weights in proportion to the limits all of them fill evenly. The requests that
are in flight count with ABOUT_A_REQUEST tokens each, as nobody knows yet what they will use. No exploration: a count is always known.
"""

from collections.abc import Sequence

from routing.selection import lowest_first
from routing.selection.base import UNKNOWN, Choice, Choosable, Draw, VitalsByID

ABOUT_A_REQUEST = 1_000


def order(choices: Sequence[Choice], vitals: VitalsByID, draw: Draw) -> list[Choice]:
    """The least used first."""
    return lowest_first.order(choices, lambda choice: _use(choice, vitals), draw)


def chances(choices: Sequence[Choosable], vitals: VitalsByID) -> list[float]:
    """Who is least used now comes first for certain; equals share by weight."""
    return lowest_first.chances(choices, lambda choice: _use(choice, vitals))


def _use(choice: Choosable, vitals: VitalsByID) -> float:
    known = vitals.get(choice.id, UNKNOWN)
    return (known.used + known.in_flight * ABOUT_A_REQUEST) / choice.weight
