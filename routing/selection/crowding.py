"""How much more than its share of requests makes a target count as slower.

    factor = 1 + in_flight / (ROOM * weight / mean weight)

A new favourite is so not overrun by everybody at once before its mean can show it. Source of the idea: Finagle, "Peak EWMA";
its product of latency and load would spread traffic over all targets in proportion to their speed, which is not what somebody
wants who asks for the fastest.
"""

from collections.abc import Sequence
from statistics import fmean

from routing.selection.base import Choosable

ROOM = 256
"""Requests in flight that make a target of average weight count as twice as slow."""


def rooms(choices: Sequence[Choosable]) -> dict[int, float]:
    """By id, how many requests in flight double the score."""
    mean = fmean(choice.weight for choice in choices)
    return {choice.id: ROOM * choice.weight / mean for choice in choices}
