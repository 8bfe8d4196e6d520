from decimal import Decimal

from history import charts
from history.periods import PERIODS, step_number, window
from tests.history.exchanges import NOON, sums

HOUR = step_number(NOON, PERIODS["24h"].step)


def test_a_step_without_requests_is_a_gap_in_the_latency() -> None:
    rows = [sums(step=HOUR, requests=4, errors=1, latency_120ms=4)]

    requests, latency, *_ = charts.charts(charts.by_step(window(PERIODS["24h"], NOON), rows))

    assert requests.series["answered"][-2:] == [0, 3]
    assert requests.series["errors"][-2:] == [0, 1]
    assert latency.series["p50"][-2:] == [None, 100.0]


def test_a_cost_that_nobody_knows_is_not_drawn_as_none() -> None:
    steps = [sums(cost_usd=Decimal("0.5")), sums(requests=2, unknown_costs=2)]

    *_, cost = charts.charts(steps)

    assert (list(cost.series["cost"]), cost.note) == ([0.5, None], "2 of unknown cost")


def test_tries_that_failed_stand_apart() -> None:
    tries = charts.tries([sums(attempts=10, attempt_failures=4)])

    assert tries.series == {"went well": [6], "failed": [4]}
