from decimal import Decimal
from typing import Any

import pytest

from history import figures
from history.figures import SUMMED
from history.periods import PERIODS, window
from tests.history.exchanges import NOON


def sums(**counts: Any) -> dict[str, Any]:  # Any: int or Decimal, and names
    names = {"alias": "fast", "provider": "openai", "model": "gpt-4o"}
    return {**dict.fromkeys(SUMMED, 0), "cost_usd": Decimal(0), **names, **counts}


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

    assert (shown.value, shown.note) == ("$1.50", "2 of unknown price")


def test_a_step_without_requests_is_a_gap_in_the_latency() -> None:
    day = window(PERIODS["24h"], NOON)
    rows = [sums(bucket_start=NOON.replace(minute=0, second=0), requests=4, errors=1, latency_120ms=4)]

    requests, latency, *_ = figures.charts(day, rows)

    assert requests.series["answered"][-2:] == [0, 3]
    assert requests.series["errors"][-2:] == [0, 1]
    assert latency.series["p50"][-2:] == [None, 100.0]


def test_a_target_shows_its_share_of_its_alias() -> None:
    rows = [
        sums(model="a", requests=70, attempts=70),
        sums(model="b", requests=30, attempts=30),
        sums(alias="slow", model="c", requests=900, attempts=900),
    ]

    shares = {row.name: row.share for row in figures.target_rows(rows, most=10)}

    assert shares == {"openai/c": "100 %", "openai/a": "70.0 %", "openai/b": "30.0 %"}


def test_a_target_that_always_hands_over_shows_its_failures() -> None:
    (row,) = figures.target_rows([sums(attempts=10, attempt_failures=10)], most=10)

    assert (row.requests, row.error_rate) == ("0", "100 %")


def test_requests_without_an_alias_are_told_apart() -> None:
    rows = [sums(alias="", requests=2), sums(alias="", provider="", model="", requests=1)]

    shown = [(row.name, row.under) for row in figures.alias_rows(rows, most=10)]

    assert shown == [("no alias", "asked for as provider/model"), ("no alias", "refused before any was found")]


def test_a_cost_that_nobody_knows_is_a_dash() -> None:
    (row,) = figures.alias_rows([sums(requests=1, unknown_costs=1)], most=10)

    assert row.cost == "–"
