"""What /readyz says, from figures."""

from typing import Any

import pytest

from gateway.readiness import Figures, Readiness, readiness


def history(**changes: float) -> dict[str, float]:
    return {"recorded": 9, "pending": 2, "lag_seconds": 0.3, "lost": 0, **changes}


def figures(**changes: Any) -> Figures:  # Any: any field's value
    healthy: dict[str, Any] = {
        "versions": {"routing_table": 3, "client_keys": 1},
        "ages_seconds": {"routing_table": 0.4, "client_keys": 0.4},
        "silent_seconds": {"database": 1.0, "redis": 1.0},
        "patience_seconds": 10.0,
        "history": history(),
    }
    return Figures(**{**healthy, **changes})


def test_a_process_that_has_all_it_needs_is_ready() -> None:
    assert readiness(figures(), is_draining=False) == Readiness(status="ready", reasons=[])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"silent_seconds": {"database": 34.2}}, "The database has not answered for 34 s."),
        ({"silent_seconds": {"redis": 11.0}}, "Redis has not answered for 11 s."),
        ({"ages_seconds": {"routing_table": 61.0}}, "The routing table may be out of date"),
        ({"history": history(pending=20_000)}, "History is 20,000 records behind."),
        ({"history": history(lag_seconds=61.4)}, "its oldest record is not in the database after 61 s."),
        ({"history": history(lost=7)}, "History has lost 7 records"),
    ],
)
def test_what_is_wrong_is_said_and_requests_are_still_taken(changes: dict[str, Any], said: str) -> None:
    state = readiness(figures(**changes), is_draining=False)

    assert (state.status, state.takes_requests) == ("degraded", True)
    assert said in state.reasons[0]


def test_without_configuration_it_is_starting() -> None:
    assert readiness(None, is_draining=False).status == "starting"
    assert readiness(figures(versions={"routing_table": -1}), is_draining=False).status == "starting"


def test_on_the_way_out_it_takes_no_more_requests() -> None:
    state = readiness(figures(), is_draining=True)

    assert (state.status, state.takes_requests) == ("draining", False)
