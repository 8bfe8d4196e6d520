"""The rules over several rows, as pure functions."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.rules import circle_through, longest_way, wrong_percentages


@pytest.mark.parametrize("length", [1, 2, 3, 10, 5000])
def test_a_circle_of_any_length_is_found(length: int) -> None:
    circle = circle_through(0, lambda node: [(node + 1) % length])

    assert circle == [*range(length), 0]


def test_a_way_that_never_comes_back_is_no_circle() -> None:
    diamond = {"top": ["left", "right"], "left": ["bottom"], "right": ["bottom"], "bottom": []}

    assert circle_through("top", lambda node: diamond[node]) is None


def test_a_circle_elsewhere_is_not_this_ones() -> None:
    arrows = {"here": ["there"], "there": ["elsewhere"], "elsewhere": ["there"]}

    assert circle_through("here", lambda node: arrows[node]) is None


def test_many_ways_to_the_same_place_are_walked_once() -> None:
    asked = []

    def two_ways_down(node: int) -> list[int]:
        asked.append(node)
        return [node + 1, node + 1] if node < 60 else []

    assert circle_through(0, two_ways_down) is None
    assert asked == list(range(61))


@given(st.dictionaries(st.integers(0, 7), st.lists(st.integers(0, 7), max_size=3), max_size=8))
def test_a_circle_is_found_exactly_when_the_start_can_be_reached_from_itself(arrows: dict[int, list[int]]) -> None:
    reached: set[int] = set()
    waiting = list(arrows.get(0, []))
    while waiting:
        node = waiting.pop()
        if node not in reached:
            reached.add(node)
            waiting += arrows.get(node, [])

    circle = circle_through(0, lambda node: arrows.get(node, []))

    assert (circle is not None) == (0 in reached)
    if circle is not None:
        assert circle[0] == circle[-1] == 0
        assert all(later in arrows[earlier] for earlier, later in pairwise(circle))


def test_the_longest_of_several_ways_counts() -> None:
    arrows = {"top": ["bottom", "left"], "left": ["middle"], "middle": ["bottom"], "bottom": []}

    assert longest_way("top", lambda node: arrows[node], most=10) == 3
    assert longest_way("bottom", lambda node: arrows[node], most=10) == 0


def test_a_way_is_not_followed_further_than_asked() -> None:
    assert longest_way(0, lambda node: [node + 1], most=10) == 10
    assert longest_way(0, lambda node: [(node + 1) % 3], most=10) == 10


def test_each_tier_has_its_own_hundred() -> None:
    assert wrong_percentages({0: [70, 30], 1: [50, 49], 2: [100], 3: [101]}) == {1: 99, 3: 101}
