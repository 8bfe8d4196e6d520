"""`random` against its formula, over 20,000 draws."""

import math
from collections import Counter
from itertools import permutations

import pytest

from routing.selection import Draw
from routing.selection.at_random import chances, order
from tests.routing.selection.chance import DRAWS, SIGMAS, Choice, choices, is_by_chance, seeded


def orders_drawn(options: list[Choice], draws: int = DRAWS) -> "Counter[tuple[int, ...]]":
    draw = Draw(rng=seeded())
    return Counter(tuple(choice.id for choice in order(options, {}, draw)) for _ in range(draws))


def chance_of(arrangement: tuple[Choice, ...]) -> float:
    """Of drawing exactly this order without replacement: each place by its share of what is left."""
    chance, left = 1.0, sum(choice.weight for choice in arrangement)
    for choice in arrangement:
        chance *= choice.weight / left
        left -= choice.weight
    return chance


@pytest.mark.parametrize("weights", [(70, 30), (95, 5), (1, 1), (1, 1, 1), (5, 3, 2), (1, 1, 8), (1, 2, 3, 4)])
def test_every_order_comes_as_often_as_the_formula_says(weights: tuple[int, ...]) -> None:
    options = choices(*weights)
    expected = {tuple(c.id for c in arrangement): chance_of(arrangement) for arrangement in permutations(options)}

    assert is_by_chance(orders_drawn(options), expected)


@pytest.mark.parametrize(("heavy", "light"), [(70, 30), (95, 5)])
def test_a_weighted_split_is_within_four_sigma(heavy: int, light: int) -> None:
    firsts = sum(count for ids, count in orders_drawn(choices(heavy, light)).items() if ids[0] == 1)

    share = heavy / (heavy + light)
    sigma = math.sqrt(DRAWS * share * (1 - share))
    assert abs(firsts - DRAWS * share) < SIGMAS * sigma


def test_the_second_place_falls_among_those_that_are_left() -> None:
    seconds: Counter[int] = Counter()
    for ids, count in orders_drawn(choices(5, 3, 2)).items():
        seconds[ids[1]] += count

    # 1 is second after 2 or 3 came first; and so on.
    expected = {
        1: 0.3 * 5 / 7 + 0.2 * 5 / 8,
        2: 0.5 * 3 / 5 + 0.2 * 3 / 8,
        3: 0.5 * 2 / 5 + 0.3 * 2 / 7,
    }
    assert is_by_chance(seconds, expected)


def test_without_weights_all_are_equally_likely() -> None:
    firsts = Counter(ids[0] for ids in orders_drawn(choices(1, 1, 1, 1)).elements())

    assert is_by_chance(firsts, dict.fromkeys((1, 2, 3, 4), 0.25))


@pytest.mark.parametrize("scale", [1, 1_000, 250_000])
def test_only_the_ratio_of_the_weights_counts(scale: int) -> None:
    firsts = Counter(ids[0] for ids in orders_drawn(choices(3 * scale, 1 * scale)).elements())

    assert is_by_chance(firsts, {1: 0.75, 2: 0.25})


def test_the_lightest_beside_the_heaviest_is_still_drawn_now_and_then() -> None:
    firsts = Counter(ids[0] for ids in orders_drawn(choices(1, 999)).elements())

    assert is_by_chance(firsts, {1: 0.001, 2: 0.999})


def test_the_same_seed_draws_the_same() -> None:
    assert orders_drawn(choices(5, 3, 2), draws=50) == orders_drawn(choices(5, 3, 2), draws=50)


def test_the_chances_it_tells_are_the_shares_of_the_weights() -> None:
    assert chances(choices(70, 30), {}) == [0.7, 0.3]
