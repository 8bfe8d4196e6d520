"""Taking turns, in proportion to the weights and evenly spread: 5, 1, 1 gives a a b a c a a, never a a a a a b c.

Each turn every choice earns its weight; the richest comes first and pays the sum of all weights. What a choice is
owed stays between minus and plus twice that sum: so it does by itself while the weights are the same, and where an
administrator changes them it is cut to that, or a score from larger weights would rule for a million turns.
One that returns after an absence gets no burst.
Source: nginx, "Upstream: smooth weighted round-robin balancing", commit 52327e0627f4 (2012).
"""

from collections.abc import Sequence

from routing.selection.at_random import chances
from routing.selection.base import Choice, Draw, VitalsByID

__all__ = ["chances", "order"]


def order(choices: Sequence[Choice], vitals: VitalsByID, draw: Draw) -> list[Choice]:
    """The one whose turn it is, then the others by how soon theirs comes. Keeps the score in `draw.credit`."""
    credit = draw.credit
    total = sum(choice.weight for choice in choices)
    for choice in choices:
        earned = credit.get(choice.id, 0) + choice.weight
        credit[choice.id] = max(-2 * total, min(earned, 2 * total))
    in_turn = sorted(choices, key=lambda choice: credit[choice.id], reverse=True)
    credit[in_turn[0].id] -= total
    return in_turn
