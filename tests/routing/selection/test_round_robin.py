"""`round_robin` against its formula: exactly in proportion, and evenly spread."""

from collections import Counter
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.selection import Draw
from routing.selection.round_robin import chances, order
from tests.routing.selection.chance import DRAWS, Choice, choices, seeded

WEIGHTS = st.lists(st.integers(1, 40), min_size=1, max_size=8)


def firsts(options: list[Choice], draw: Draw, turns: int) -> list[int]:
    return [order(options, {}, draw)[0].id for _ in range(turns)]


def a_draw() -> Draw:
    return Draw(rng=seeded())


def longest_run(ids: list[int], of: int) -> int:
    return max((len(list(run)) for id_, run in groupby(ids) if id_ == of), default=0)


def test_five_one_one_is_spread_and_not_a_burst() -> None:
    assert firsts(choices(5, 1, 1), a_draw(), 7) == [1, 1, 2, 1, 3, 1, 1]


def test_equal_weights_take_turns() -> None:
    assert firsts(choices(1, 1, 1), a_draw(), 6) == [1, 2, 3, 1, 2, 3]


@pytest.mark.parametrize("weights", [(70, 30), (95, 5), (1, 1, 1, 1)])
def test_20_000_turns_fall_exactly_by_weight(weights: tuple[int, ...]) -> None:
    counts = Counter(firsts(choices(*weights), a_draw(), DRAWS))

    assert counts == {place: DRAWS * weight / sum(weights) for place, weight in enumerate(weights, start=1)}


@given(weights=WEIGHTS)
def test_every_period_is_exactly_in_proportion_and_all_are_alike(weights: list[int]) -> None:
    options, draw, period = choices(*weights), a_draw(), sum(weights)

    first, second = firsts(options, draw, period), firsts(options, draw, period)

    assert first == second
    assert Counter(first) == dict(enumerate(weights, start=1))


@given(weights=WEIGHTS)
def test_at_every_moment_each_has_had_its_share_within_two_turns(weights: list[int]) -> None:
    options, draw, total = choices(*weights), a_draw(), sum(weights)
    had: Counter[int] = Counter()

    for turn in range(1, total + 1):
        had[order(options, {}, draw)[0].id] += 1
        assert all(abs(had[choice.id] - turn * choice.weight / total) < 2 for choice in options)


def test_whoever_is_not_first_follows_by_how_soon_its_turn_comes() -> None:
    draw = a_draw()

    orders = [[choice.id for choice in order(choices(1, 1, 1), {}, draw)] for _ in range(3)]

    assert orders == [[1, 2, 3], [2, 3, 1], [3, 1, 2]]


@pytest.mark.parametrize("absence", [1, 3, 50, 1_000])
@pytest.mark.parametrize("before", range(7))
def test_whoever_returns_from_an_absence_gets_no_burst(before: int, absence: int) -> None:
    options, draw = choices(5, 1, 1), a_draw()
    firsts(options, draw, before)
    firsts(options[1:], draw, absence)

    after = firsts(options, draw, 70)

    # Undisturbed, the heaviest has at most four turns in a row, and 50 of 70.
    assert longest_run(after, of=1) <= 6
    assert abs(Counter(after)[1] - 50) <= 2


@pytest.mark.parametrize("absence", [1, 3, 50, 1_000])
def test_while_one_is_absent_the_others_share_by_their_weights(absence: int) -> None:
    options, draw = choices(1, 3, 1), a_draw()
    firsts(options, draw, 3)

    meanwhile = Counter(firsts(options[1:], draw, absence))

    assert abs(meanwhile[2] - absence * 3 / 4) <= 2


def test_a_score_from_larger_weights_does_not_rule_when_they_become_small() -> None:
    draw = a_draw()
    firsts(choices(1_000_000, 1_000_000), draw, 1)

    after = Counter(firsts(choices(1, 1), draw, 20))

    assert abs(after[1] - 10) <= 2


def test_a_draw_of_its_own_starts_a_round_of_its_own() -> None:
    assert firsts(choices(1, 1), a_draw(), 1) == firsts(choices(1, 1), a_draw(), 1) == [1]


def test_the_chances_it_tells_are_the_shares_of_the_weights() -> None:
    assert chances(choices(5, 1, 2), {}) == [0.625, 0.125, 0.25]
