"""Each selector that measures finds the best of five targets, and follows when another becomes the best."""

import pytest

from routing.selection.exploration import EXPLORED_SHARE
from tests.routing.selection.simulation import Simulated, Simulation, share

MINUTE = 60.0


def five() -> dict[int, Simulated]:
    """The third is the best."""
    targets = {id: Simulated(first_byte_ms=400 + 50 * id, tokens_per_second=60 - 2 * id) for id in range(1, 6)}
    targets[3] = Simulated(first_byte_ms=200, tokens_per_second=120)
    return targets


@pytest.mark.parametrize("selector", ["latency", "performance"])
def test_the_best_of_five_is_found_within_seconds(selector: str) -> None:
    simulation = Simulation(selector=selector, targets=five())
    simulation.run(10)

    asked = simulation.run(MINUTE)

    assert share(asked, 3) > 0.9
    assert all(asked[id] for id in range(1, 6)), "exploration goes on"


@pytest.mark.parametrize("selector", ["latency", "performance"])
def test_traffic_follows_when_the_best_changes(selector: str) -> None:
    targets = five()
    simulation = Simulation(selector=selector, targets=targets)
    simulation.run(MINUTE)
    targets[3].first_byte_ms, targets[3].tokens_per_second = 2_000, 20
    targets[5].first_byte_ms, targets[5].tokens_per_second = 100, 200

    simulation.run(MINUTE)
    asked = simulation.run(MINUTE)

    assert share(asked, 5) > 0.9
    assert share(asked, 3) < 0.05


@pytest.mark.parametrize("selector", ["latency", "performance"])
def test_no_more_than_the_stated_share_is_spent_on_exploring(selector: str) -> None:
    simulation = Simulation(selector=selector, targets=five())
    simulation.run(MINUTE)

    asked = simulation.run(10 * MINUTE)

    assert 1 - share(asked, 3) < EXPLORED_SHARE


@pytest.mark.parametrize("selector", ["latency", "performance"])
def test_one_that_fails_at_once_never_looks_fast(selector: str) -> None:
    targets = five()
    targets[1].fails = True
    simulation = Simulation(selector=selector, targets=targets)
    simulation.run(10)

    asked = simulation.run(MINUTE)

    assert share(asked, 3) > 0.65  # a quarter may go to the one that nobody could measure, until its breaker opens
    assert targets[1].samples == 0


@pytest.mark.parametrize("selector", ["latency", "performance"])
def test_equally_good_ones_share_by_weight(selector: str) -> None:
    targets = {id: Simulated(first_byte_ms=300 + id) for id in range(1, 6)}
    simulation = Simulation(selector=selector, targets=targets, weights={1: 6})
    simulation.run(MINUTE)

    asked = simulation.run(10 * MINUTE)

    assert share(asked, 1) == pytest.approx(0.6, abs=0.04)


def test_a_new_favourite_is_not_overrun() -> None:
    targets = {id: Simulated(first_byte_ms=1_000) for id in range(1, 6)}
    targets[2].first_byte_ms = 800
    simulation = Simulation(selector="latency", targets=targets, per_second=200)

    simulation.run(MINUTE)

    assert simulation.most_in_flight[2] < 0.5 * sum(simulation.most_in_flight.values())


def test_the_slow_ones_get_fewer_connections_with_nobody_measuring_time() -> None:
    targets = {id: Simulated(first_byte_ms=200) for id in range(1, 6)}
    targets[4].tokens_per_second = 10
    simulation = Simulation(selector="least_connections", targets=targets)

    asked = simulation.run(MINUTE)

    assert share(asked, 4) < 0.08
    assert max(simulation.most_in_flight.values()) - min(simulation.most_in_flight.values()) <= 2


def test_connections_stand_in_proportion_to_the_weights() -> None:
    targets = {id: Simulated(first_byte_ms=200) for id in range(1, 6)}
    simulation = Simulation(selector="least_connections", targets=targets, weights={1: 4}, per_second=80)

    asked = simulation.run(MINUTE)

    assert share(asked, 1) == pytest.approx(0.5, abs=0.05)


def test_use_is_even_for_its_weight_over_a_minute() -> None:
    targets = {id: Simulated(first_byte_ms=200) for id in range(1, 6)}
    targets[2].first_byte_ms = 5_000
    simulation = Simulation(selector="usage", targets=targets, weights={5: 2})
    simulation.run(2 * MINUTE)

    asked = simulation.run(MINUTE)

    assert share(asked, 5) == pytest.approx(2 / 6, abs=0.04)
    assert share(asked, 2) == pytest.approx(1 / 6, abs=0.04)


def test_one_that_comes_back_is_explored_and_wins_again() -> None:
    targets = five()
    simulation = Simulation(selector="latency", targets=targets)
    simulation.run(MINUTE)
    targets[3].first_byte_ms = 5_000
    simulation.run(MINUTE)
    targets[3].first_byte_ms = 200

    simulation.run(3 * MINUTE)
    asked = simulation.run(MINUTE)

    assert share(asked, 3) > 0.9
