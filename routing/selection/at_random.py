"""Weighted random order without replacement: sort by u ** (1 / weight), u uniform in (0, 1), largest first.

First place then falls with chance weight / sum(weights); the rest is the same draw among the others.
Source: Efraimidis, Spirakis, "Weighted random sampling with a reservoir", IPL 97 (2006), algorithm A.
"""

from collections.abc import Sequence

from routing.selection.base import Choice, Choosable, Draw, VitalsByID


def order(choices: Sequence[Choice], vitals: VitalsByID, draw: Draw) -> list[Choice]:
    """A random order in which heavier choices tend to come earlier."""
    if len(choices) == 1:
        return list(choices)
    keyed = [(draw.rng.random() ** (1 / choice.weight), choice) for choice in choices]
    keyed.sort(key=lambda pair: pair[0], reverse=True)
    return [choice for _, choice in keyed]


def chances(choices: Sequence[Choosable], vitals: VitalsByID) -> list[float]:
    """Each choice's share of the weights."""
    total = sum(choice.weight for choice in choices)
    return [choice.weight / total for choice in choices]
