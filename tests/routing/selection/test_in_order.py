"""`in_order` against its formula: the first one, always."""

from collections import Counter

from routing.selection import Draw
from routing.selection.in_order import chances, order
from tests.routing.selection.chance import DRAWS, choices, seeded


def test_the_order_is_that_of_the_targets_whatever_their_weights() -> None:
    options, draw = choices(1, 99, 5), Draw(rng=seeded())

    drawn = Counter(tuple(choice.id for choice in order(options, {}, draw)) for _ in range(DRAWS))

    assert drawn == {(1, 2, 3): DRAWS}


def test_only_the_first_has_a_chance() -> None:
    assert chances(choices(1, 99, 5), {}) == [1.0, 0.0, 0.0]
