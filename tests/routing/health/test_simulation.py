"""Five minutes with a sick upstream among three, at 100 requests a second."""

from collections.abc import Callable
from functools import cache

import pytest

from tests.routing.health.simulation import (
    Behaviour,
    Simulation,
    Story,
    fails,
    fails_half_the_time,
    is_20_s_late,
    is_dead,
    stalls,
    well,
)

RATE = 100.0
ONSET = 20.0
SICK_SECONDS = 300.0
RECOVERY = ONSET + SICK_SECONDS
SICKNESSES = [stalls, is_20_s_late, fails_half_the_time, is_dead]
SICK_PLACE = 1
FULL_SHARE = 1 / 3


def one_sick(sickness: Behaviour, recovery: float) -> Callable[[int, float], Behaviour]:
    return lambda place, now: sickness if place == SICK_PLACE and ONSET <= now < recovery else well


@cache
def five_minutes(sickness: Behaviour) -> Story:
    return Simulation(5, RATE, one_sick(sickness, RECOVERY)).run(RECOVERY + 60)


@pytest.mark.parametrize("sickness", SICKNESSES)
def test_the_sick_one_gets_at_most_a_hundredth_of_the_traffic_after_ten_seconds(sickness: Behaviour) -> None:
    story = five_minutes(sickness)

    assert story.share(SICK_PLACE, 0, ONSET) == pytest.approx(FULL_SHARE, abs=0.04)
    assert 0 < story.share(SICK_PLACE, ONSET + 10, RECOVERY) <= 0.01


@pytest.mark.parametrize("sickness", SICKNESSES)
def test_it_has_its_full_share_half_a_minute_after_it_recovered(sickness: Behaviour) -> None:
    story = five_minutes(sickness)

    assert story.share(SICK_PLACE, RECOVERY + 30, RECOVERY + 60) == pytest.approx(FULL_SHARE, abs=0.04)


@pytest.mark.parametrize("sickness", SICKNESSES)
def test_at_most_one_client_in_a_thousand_notices(sickness: Behaviour) -> None:
    story = five_minutes(sickness)

    assert len(story.failed) <= 0.001 * len(story.requests)


@pytest.mark.parametrize("sickness", SICKNESSES)
def test_the_sickness_of_one_is_not_multiplied(sickness: Behaviour) -> None:
    story = five_minutes(sickness)

    assert story.tries_per_request(ONSET, RECOVERY) <= 1.05


@pytest.mark.parametrize("sickness", SICKNESSES)
@pytest.mark.parametrize("moment", range(3))
def test_whenever_it_recovers_it_is_back_within_half_a_minute(sickness: Behaviour, moment: int) -> None:
    recovery = ONSET + 50 + 5.3 * moment

    story = Simulation(moment, RATE, one_sick(sickness, recovery)).run(recovery + 40)

    assert story.share(SICK_PLACE, recovery + 30, recovery + 40) == pytest.approx(FULL_SHARE, abs=0.07)


@pytest.mark.parametrize("outage", [fails, is_dead, stalls])
def test_a_total_outage_is_not_multiplied(outage: Behaviour) -> None:
    story = Simulation(9, RATE, lambda place, now: outage if now >= ONSET else well).run(ONSET + 120)

    assert 0 < story.tries_per_request(ONSET + 5, ONSET + 120) <= 1.1


def test_where_nobody_is_there_any_more_all_are_refused_at_once_and_not_when_the_good_answers_are_forgotten() -> None:
    story = Simulation(9, RATE, lambda place, now: is_dead if now >= ONSET else well).run(ONSET + 12)

    assert story.tries_per_request(ONSET, ONSET + 1) > 0
    assert story.tries_per_request(ONSET + 1, ONSET + 12) <= 0.02


def test_after_a_total_outage_all_are_back_within_half_a_minute() -> None:
    recovery = ONSET + 60

    story = Simulation(9, RATE, lambda place, now: fails if ONSET <= now < recovery else well).run(recovery + 40)

    assert not [at for at in story.failed if at > recovery + 20]
    for place in range(3):
        assert story.share(place, recovery + 30, recovery + 40) == pytest.approx(FULL_SHARE, abs=0.07)


@pytest.mark.parametrize("sickness", [stalls, is_dead])
def test_with_little_traffic_it_is_left_alone_all_the_same(sickness: Behaviour) -> None:
    story = Simulation(3, 4.0, one_sick(sickness, RECOVERY)).run(RECOVERY + 60)

    probes = 3 * SICK_SECONDS / 10
    assert sum(one.place == SICK_PLACE for one in story.tries if ONSET + 20 <= one.at < RECOVERY) <= probes
    assert story.share(SICK_PLACE, RECOVERY + 35, RECOVERY + 60) == pytest.approx(FULL_SHARE, abs=0.15)


def test_nobody_is_left_alone_while_all_are_well() -> None:
    simulation = Simulation(8, RATE, lambda place, now: well)

    story = simulation.run(300)

    assert story.failed == []
    assert [health.breaker.number for health in simulation.healths] == [0, 0, 0]
