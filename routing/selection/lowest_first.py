"""The lowest score first, equals by weight: what most selectors that measure have in common.

Everybody whose score is at most TOLERANCE times the lowest counts as equally good, and first place falls among them by weight, as
in at_random.py. So noise in a measurement does not throw all traffic from one to the other, and weights mean something.
"""

from collections.abc import Callable, Sequence
from math import inf

from routing.selection import at_random
from routing.selection.base import Choice, Choosable, Draw

EXACT = 1.0
"""Only the same score is as good."""

Score = Callable[[Choosable], float | None]
"""Not negative, lower is better. None: nobody knows."""


def order(choices: Sequence[Choice], score: Score, draw: Draw, *, tolerance: float = EXACT) -> list[Choice]:
    """Those that share first place in an order by chance, the others by score, the unknown ones last."""
    if len(choices) == 1:
        return list(choices)
    # Shuffled before it is sorted: sorting keeps the order of equals.
    shuffled = at_random.order(choices, {}, draw)
    scores = {choice.id: _known(score(choice)) for choice in choices}
    bound = min(scores.values()) * tolerance
    return sorted(shuffled, key=lambda choice: 0.0 if scores[choice.id] <= bound else scores[choice.id])


def chances(choices: Sequence[Choosable], score: Score, *, tolerance: float = EXACT) -> list[float]:
    """First place falls among the best, by weight."""
    scores = [_known(score(choice)) for choice in choices]
    bound = min(scores) * tolerance
    weights = [choice.weight if known <= bound else 0 for choice, known in zip(choices, scores, strict=True)]
    return [weight / sum(weights) for weight in weights]


def _known(score: float | None) -> float:
    return inf if score is None else score
