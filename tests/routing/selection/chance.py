"""Judging chance: how far may 20,000 draws stand from the formula?

    chi2 = sum((observed - expected)^2 / expected)

Below `chi_square_bound` stay all but 3 in 100,000 fair experiments (4 sigma, one-sided); the quantile is that of Wilson
and Hilferty, "The distribution of chi-square", PNAS 17 (1931). Draws are seeded: what passes once passes always.
"""

import math
import random
from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

DRAWS = 20_000
SIGMAS = 4.0
Outcome = TypeVar("Outcome", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Something a selector may choose."""

    id: int
    weight: int = 1


def choices(*weights: int) -> list[Choice]:
    """One choice per weight, with the ids 1, 2, 3, …"""
    return [Choice(id=place, weight=weight) for place, weight in enumerate(weights, start=1)]


def chi_square(observed: Counter[Outcome], chances: Mapping[Outcome, float]) -> float:
    """The distance of what was drawn from the chances, which sum to 1."""
    draws = observed.total()
    assert observed.keys() <= chances.keys()
    assert math.isclose(sum(chances.values()), 1.0)
    return sum((observed[outcome] - draws * chance) ** 2 / (draws * chance) for outcome, chance in chances.items())


def chi_square_bound(chances: Mapping[Outcome, float]) -> float:
    """What chi_square exceeds by chance in 3 of 100,000 experiments."""
    degrees = len(chances) - 1
    spread = 2 / (9 * degrees)
    return float(degrees * (1 - spread + SIGMAS * math.sqrt(spread)) ** 3)


def is_by_chance(observed: Counter[Outcome], chances: Mapping[Outcome, float]) -> bool:
    """Whether the draws may well come from these chances."""
    return chi_square(observed, chances) < chi_square_bound(chances)


def seeded(seed: int = 20_000) -> random.Random:
    """Chance that is the same each time."""
    return random.Random(seed)
