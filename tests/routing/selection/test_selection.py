"""What holds for every selector."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.selection import SELECTORS, Draw
from routing.selection import choices as for_a_field
from tests.routing.selection.chance import DRAWS, Choice, choices, seeded

SOME = st.lists(
    st.builds(Choice, id=st.integers(), weight=st.integers(1, 1_000_000)),
    max_size=12,
    unique_by=lambda choice: choice.id,
)


@pytest.mark.parametrize("name", SELECTORS)
@given(options=SOME.filter(bool), seed=st.integers(), turns=st.integers(1, 5))
def test_an_order_holds_the_same_choices_each_once(name: str, options: list[Choice], seed: int, turns: int) -> None:
    draw = Draw(rng=seeded(seed))

    for _ in range(turns):
        ordered = SELECTORS[name].order(tuple(options), {}, draw)

        assert sorted(ordered, key=lambda choice: choice.id) == sorted(options, key=lambda choice: choice.id)


@pytest.mark.parametrize("name", SELECTORS)
@given(options=SOME.filter(bool))
def test_chances_are_one_for_each_choice_and_sum_to_1(name: str, options: list[Choice]) -> None:
    chances = SELECTORS[name].chances(options)

    assert len(chances) == len(options)
    assert math.isclose(sum(chances), 1.0)
    assert all(0 <= chance <= 1 for chance in chances)


@pytest.mark.parametrize("name", SELECTORS)
def test_first_places_fall_as_the_chances_say(name: str) -> None:
    options, draw, selector = choices(5, 3, 2), Draw(rng=seeded()), SELECTORS[name]

    firsts = Counter(selector.order(options, {}, draw)[0].id for _ in range(DRAWS))

    for choice, chance in zip(options, selector.chances(options), strict=True):
        sigma = math.sqrt(DRAWS * chance * (1 - chance))
        assert abs(firsts[choice.id] - DRAWS * chance) <= 4 * sigma


def test_a_field_offers_every_selector_by_its_label() -> None:
    assert for_a_field() == [(name, selector.label) for name, selector in SELECTORS.items()]
    assert {"random", "in_order", "round_robin"} <= SELECTORS.keys()
