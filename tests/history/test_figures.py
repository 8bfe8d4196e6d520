from decimal import Decimal
from typing import Any

import pytest

from history import figures
from tests.history.exchanges import sums


def card(title: str, now: dict[str, Any], before: dict[str, Any]) -> figures.Card:
    (found,) = (card for card in figures.cards(now, before) if card.title == title)
    return found


def test_requests_are_compared_with_the_period_before() -> None:
    assert card("Requests", sums(requests=120), sums(requests=100)).change == "+20 %"


def test_nothing_before_means_no_comparison() -> None:
    assert card("Requests", sums(requests=120), sums()).change == ""


def test_a_change_that_rounds_to_nothing_is_not_shown() -> None:
    assert card("Requests", sums(requests=9_999), sums(requests=10_000)).change == ""


def test_growth_beyond_ten_times_is_a_factor() -> None:
    assert card("Requests", sums(requests=5_832), sums(requests=6)).change == "×972"


def test_refused_requests_do_not_water_down_the_error_rate() -> None:
    shown = card("Error rate", sums(requests=30, refused=20, errors=1), sums())

    assert shown.value == "10.0 %"


@pytest.mark.parametrize(("errors", "mood"), [(5, "good"), (20, "bad"), (10, "neutral")])
def test_more_errors_are_bad_and_fewer_good(errors: int, mood: str) -> None:
    assert card("Error rate", sums(requests=100, errors=errors), sums(requests=100, errors=10)).mood == mood


def test_requests_of_unknown_price_are_said_beside_the_cost() -> None:
    shown = card("Cost", sums(requests=3, cost_usd=Decimal("1.5"), unknown_costs=2), sums())

    assert (shown.value, shown.note) == ("$1.50", "2 of unknown cost")


def test_a_cost_that_nobody_knows_is_said_to_be_unknown_and_compared_with_nothing() -> None:
    shown = card("Cost", sums(requests=3, unknown_costs=3), sums(cost_usd=Decimal("1.5")))

    assert (shown.value, shown.note, shown.change) == ("unknown", "3 of unknown cost", "")


def test_what_costs_nothing_costs_nothing() -> None:
    assert card("Cost", sums(requests=3), sums()).value == "$0.00"
