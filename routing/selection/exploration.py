"""A stated share of requests goes to others than the best: only who is asked can show that it has become better.

    5 % of requests            first place by weight, whoever is best
    25 % of requests           while some have hardly answered yet (under ENOUGH_SAMPLES) and others have: first place to one of
                               those, if nothing is in flight there; so an untried one is learned quickly and never flooded

The second is epsilon-greedy with optimism for the unknown. Source: Sutton, Barto, "Reinforcement Learning", 2nd ed., 2.2, 2.6.
"""

from collections.abc import Sequence

from routing.selection import at_random
from routing.selection.base import UNKNOWN, Choice, Choosable, Draw, VitalsByID

EXPLORED_SHARE = 0.05
UNTRIED_SHARE = 0.25
ENOUGH_SAMPLES = 3.0


def explored(choices: Sequence[Choice], vitals: VitalsByID, draw: Draw) -> Choice | None:
    """The one that is asked first for the sake of knowledge, or None: nearly always."""
    chance = draw.rng.random()
    waiting = _untried(choices, vitals)
    if waiting and chance < UNTRIED_SHARE:
        return at_random.order(waiting, {}, draw)[0]
    if 1 - chance < EXPLORED_SHARE:
        return at_random.order(choices, {}, draw)[0]
    return None


def with_first(first: Choice | None, others: list[Choice]) -> list[Choice]:
    """`first` before the others, which hold it too."""
    return others if first is None else [first, *(choice for choice in others if choice.id != first.id)]


def chances(choices: Sequence[Choosable], vitals: VitalsByID, of_best: Sequence[float]) -> list[float]:
    """The chances of the best ones, with the share of exploration taken off and given to whom it goes."""
    waiting = {choice.id for choice in _untried(choices, vitals)}
    untried_share = UNTRIED_SHARE if waiting else 0.0
    by_weight = at_random.chances(choices, vitals)
    among_untried = sum(choice.weight for choice in choices if choice.id in waiting)
    return [
        (1 - EXPLORED_SHARE - untried_share) * best
        + EXPLORED_SHARE * share
        + (untried_share * choice.weight / among_untried if choice.id in waiting else 0.0)
        for choice, best, share in zip(choices, of_best, by_weight, strict=True)
    ]


def _untried(choices: Sequence[Choice], vitals: VitalsByID) -> list[Choice]:
    """Those that are hardly known and idle, where others are known."""
    known = [vitals.get(choice.id, UNKNOWN).samples >= ENOUGH_SAMPLES for choice in choices]
    if all(known) or not any(known):
        return []
    return [
        choice
        for choice, is_known in zip(choices, known, strict=True)
        if not is_known and not vitals.get(choice.id, UNKNOWN).in_flight
    ]
