from decimal import Decimal
from typing import Any

import pytest

from history import charts
from history.charts import Chart
from history.comparison import COLOURS, MEASURES, OTHERS, comparison, largest, switch
from history.periods import PERIODS, step_number, window
from history.scope import Scope
from tests.history.exchanges import NOON, sums

DAY = window(PERIODS["24h"], NOON)
HOUR = step_number(NOON, PERIODS["24h"].step)


def drawn(scope: Scope, names: list[str], rows: list[dict[str, Any]]) -> Chart:  # Any: see sums
    """As the page does, `rows` being all there is."""
    rows = [{**row, "step": HOUR, "series": row["alias"]} for row in rows]
    named = [row for row in rows if row["series"] in names]
    return comparison(scope, DAY, names=names, rows=named, steps=charts.by_step(DAY, rows))


def test_each_alias_has_a_series_and_the_rest_share_one() -> None:
    rows = [sums(alias=alias, requests=count) for alias, count in {"a": 5, "b": 3, "c": 2, "d": 1}.items()]

    chart = drawn(Scope(), ["a", "b"], rows)

    assert {label: series[-1] for label, series in chart.series.items()} == {"a": 5, "b": 3, OTHERS: 3}
    assert chart.colours == ["primary", "violet", "grey"]


def test_where_nobody_is_left_over_there_are_no_others() -> None:
    chart = drawn(Scope(), ["a"], [sums(alias="a", requests=5)])

    assert list(chart.series) == ["a"]


@pytest.mark.parametrize(
    ("measure", "shown"), [("requests", 4), ("errors", 1), ("latency", 119.0), ("tokens", 30), ("cost", 0.5)]
)
def test_aliases_are_compared_by_what_is_asked(measure: str, shown: float) -> None:
    row = sums(
        alias="a", requests=4, errors=1, latency_120ms=4, input_tokens=10, output_tokens=20, cost_usd=Decimal("0.5")
    )

    chart = drawn(Scope(measure=measure), ["a"], [row])

    assert chart.series["a"][-1] == pytest.approx(shown, rel=0.02)


def test_the_largest_by_that_measure_come_first() -> None:
    rows = [sums(alias="busy", requests=9, errors=1), sums(alias="broken", requests=2, errors=2)]

    assert largest(Scope(), rows) == ["busy", "broken"]
    assert largest(Scope(measure="errors"), rows) == ["broken", "busy"]


def test_there_are_no_more_names_than_colours() -> None:
    rows = [sums(alias=f"alias-{number}", requests=1) for number in range(20)]

    assert len(largest(Scope(), rows)) == len(COLOURS)


def test_one_alias_is_cut_by_its_targets() -> None:
    rows = [sums(model="o3", requests=1), sums(model="gpt-4o", requests=2), sums(provider="", model="", requests=1)]

    assert largest(Scope(alias="fast"), rows) == ["openai/gpt-4o", "", "openai/o3"]


def test_a_series_leads_to_its_alias_alone() -> None:
    rows = [sums(alias=alias, requests=1, cost_usd=Decimal(1)) for alias in "ab"]

    chart = drawn(Scope(measure="cost"), ["a"], rows)

    assert chart.legend == [("a", "primary", "?period=24h&alias=a&measure=cost"), (OTHERS, "grey", "")]


def test_the_switch_offers_every_measure_and_keeps_the_rest_of_the_address() -> None:
    choices = switch(Scope(alias="fast", measure="tokens"))

    assert len(choices) == len(MEASURES) == 5
    assert [choice["label"] for choice in choices if choice["is_chosen"]] == ["Tokens"]
    assert choices[0]["address"] == "?period=24h&alias=fast"
