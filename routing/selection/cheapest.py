"""The cheapest for this very request first: cost_usd of its size at each one's own prices; equals by weight, unknown prices last.

The size is what the request holds (about four bytes a token) and the output that it allows. No exploration: a price is known
or it is not.
"""

from collections.abc import Sequence

from routing.selection import lowest_first
from routing.selection.base import UNKNOWN, Choice, Choosable, Draw, VitalsByID


def order(choices: Sequence[Choice], vitals: VitalsByID, draw: Draw) -> list[Choice]:
    """The cheapest first."""
    return lowest_first.order(choices, lambda choice: vitals.get(choice.id, UNKNOWN).cost_usd, draw)


def chances(choices: Sequence[Choosable], vitals: VitalsByID) -> list[float]:
    """The cheapest for certain; equals share by weight."""
    return lowest_first.chances(choices, lambda choice: vitals.get(choice.id, UNKNOWN).cost_usd)
