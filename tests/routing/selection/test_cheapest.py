"""`cost` against its formula: the cheapest for this request."""

from routing.selection import Draw, Vitals
from routing.selection.cheapest import chances, order
from tests.routing.selection.chance import choices, seeded

PRICED = {1: Vitals(cost_usd=0.02), 2: Vitals(cost_usd=0.001), 4: Vitals(cost_usd=0.005)}


def test_the_cheapest_comes_first_and_an_unknown_price_last() -> None:
    ordered = order(choices(1, 1, 1, 1), PRICED, Draw(rng=seeded()))

    assert [choice.id for choice in ordered] == [2, 4, 1, 3]


def test_what_costs_nothing_is_the_cheapest() -> None:
    ordered = order(choices(1, 1), {1: Vitals(cost_usd=0.0001), 2: Vitals(cost_usd=0.0)}, Draw(rng=seeded()))

    assert [choice.id for choice in ordered] == [2, 1]


def test_equal_prices_share_by_weight() -> None:
    same = {1: Vitals(cost_usd=0.5), 2: Vitals(cost_usd=0.5), 3: Vitals(cost_usd=0.6)}

    assert chances(choices(3, 1, 9), same) == [0.75, 0.25, 0.0]


def test_without_any_price_weights_decide() -> None:
    assert chances(choices(3, 1), {}) == [0.75, 0.25]
