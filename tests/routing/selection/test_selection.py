"""What holds for every selector."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.selection import SELECTORS, Draw, Vitals
from routing.selection import choices as for_a_field
from tests.routing.selection.chance import DRAWS, Choice, choices, seeded

VITALS = st.builds(
    Vitals,
    in_flight=st.integers(0, 1_000),
    samples=st.floats(0, 1_000),
    first_byte_ms=st.none() | st.floats(0, 1e6),
    tokens_per_second=st.none() | st.floats(0, 1e6),
    cost_usd=st.none() | st.floats(0, 1e3),
    used=st.floats(0, 1e9),
)
SOME = st.lists(
    st.builds(Choice, id=st.integers(), weight=st.integers(1, 1_000_000)),
    max_size=12,
    unique_by=lambda choice: choice.id,
)


@pytest.mark.parametrize("name", SELECTORS)
@given(options=SOME.filter(bool), known=st.lists(VITALS, max_size=12), seed=st.integers(), turns=st.integers(1, 5))
def test_an_order_holds_the_same_choices_each_once(
    name: str, options: list[Choice], known: list[Vitals], seed: int, turns: int
) -> None:
    draw = Draw(rng=seeded(seed))
    vitals = {choice.id: one for choice, one in zip(options, known, strict=False)}

    for _ in range(turns):
        ordered = SELECTORS[name].order(tuple(options), vitals, draw)

        assert sorted(ordered, key=lambda choice: choice.id) == sorted(options, key=lambda choice: choice.id)


@pytest.mark.parametrize("name", SELECTORS)
@given(options=SOME.filter(bool), known=st.lists(VITALS, max_size=12))
def test_chances_are_one_for_each_choice_and_sum_to_1(name: str, options: list[Choice], known: list[Vitals]) -> None:
    vitals = {choice.id: one for choice, one in zip(options, known, strict=False)}

    chances = SELECTORS[name].chances(options, vitals)

    assert len(chances) == len(options)
    assert math.isclose(sum(chances), 1.0)
    assert all(0 <= chance <= 1 for chance in chances)


SITUATIONS: dict[str, dict[int, Vitals]] = {
    "nobody is known": {},
    "two are known": {
        1: Vitals(samples=9, first_byte_ms=900, tokens_per_second=30, cost_usd=0.1, used=500, in_flight=2),
        2: Vitals(samples=9, first_byte_ms=300, tokens_per_second=90, cost_usd=0.2, used=100, in_flight=4),
    },
    "two are equally good": {
        1: Vitals(samples=9, first_byte_ms=300, tokens_per_second=90, cost_usd=0.1, used=500),
        2: Vitals(samples=9, first_byte_ms=310, tokens_per_second=88, cost_usd=0.1, used=500),
        3: Vitals(samples=9, first_byte_ms=900, tokens_per_second=20, cost_usd=0.3, used=900, in_flight=9),
    },
}


@pytest.mark.parametrize("vitals", SITUATIONS.values(), ids=SITUATIONS.keys())
@pytest.mark.parametrize("name", SELECTORS)
def test_first_places_fall_as_the_chances_say(name: str, vitals: dict[int, Vitals]) -> None:
    options, draw, selector = choices(5, 3, 2), Draw(rng=seeded()), SELECTORS[name]

    firsts = Counter(selector.order(options, vitals, draw)[0].id for _ in range(DRAWS))

    for choice, chance in zip(options, selector.chances(options, vitals), strict=True):
        sigma = math.sqrt(DRAWS * chance * (1 - chance))
        assert abs(firsts[choice.id] - DRAWS * chance) <= 4 * sigma


def test_a_field_offers_every_selector_by_its_label() -> None:
    assert for_a_field() == [(name, selector.label) for name, selector in SELECTORS.items()]
    assert SELECTORS.keys() == {
        *("random", "in_order", "round_robin", "least_connections", "latency", "performance", "cost", "usage")
    }
