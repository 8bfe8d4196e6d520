"""Percentiles of how long first bytes take."""

import random

import pytest

from routing.health.first_bytes import BOUNDS_SECONDS, HALF_LIFE_SECONDS, FirstBytes
from tests.routing.health.scenes import START, a_health, answer_well, ask


def filled(*seconds: float, at: float = START) -> FirstBytes:
    first_bytes = FirstBytes()
    for each in seconds:
        first_bytes.add(at, each)
    return first_bytes


def test_a_percentile_is_off_by_a_tenth_at_most() -> None:
    rng = random.Random(1)
    seconds = sorted(rng.lognormvariate(-1, 1) for _ in range(20_000))

    first_bytes = filled(*seconds)

    for percent in (50, 90, 95, 99):
        assert first_bytes.percentile(percent, START) == pytest.approx(seconds[200 * percent], rel=0.1)


def test_with_less_than_20_samples_nothing_is_known() -> None:
    first_bytes = filled(*[0.5] * 19)
    before = first_bytes.percentile(50, START)

    first_bytes.add(START, 0.5)

    assert before is None
    assert first_bytes.percentile(50, START) == pytest.approx(0.5, rel=0.1)


def test_after_five_minutes_a_sample_counts_half() -> None:
    first_bytes = filled(*[0.1] * 200)
    for _ in range(99):
        first_bytes.add(START + HALF_LIFE_SECONDS, 1.0)

    assert first_bytes.percentile(50, START + HALF_LIFE_SECONDS) == pytest.approx(0.1, rel=0.1)
    assert first_bytes.percentile(51, START + HALF_LIFE_SECONDS) == pytest.approx(1.0, rel=0.2)


def test_what_nobody_has_added_to_for_long_is_forgotten() -> None:
    first_bytes = filled(*[0.1] * 40)

    assert first_bytes.percentile(50, START + HALF_LIFE_SECONDS - 1) is not None
    assert first_bytes.percentile(50, START + HALF_LIFE_SECONDS + 1) is None
    assert first_bytes.percentile(50, START + 1e7) is None


def test_weeks_of_samples_leave_the_percentiles_of_the_last_minutes() -> None:
    first_bytes = FirstBytes()
    for hour in range(24 * 14):
        for second in range(60):
            first_bytes.add(START + hour * 3600 + second, 0.001 * (hour + 1))

    now = START + (24 * 14 - 1) * 3600 + 60

    assert first_bytes.percentile(50, now) == pytest.approx(0.336, rel=0.1)


def test_longer_than_the_last_bound_is_the_last_bound() -> None:
    assert filled(*[5_000.0] * 20).percentile(50, START) == BOUNDS_SECONDS[-1]


def test_a_health_keeps_times_from_when_it_is_first_asked_and_streams_apart() -> None:
    health = a_health()
    now = answer_well(health, START)

    unasked = health.vitals.first_byte_percentile(95, now, streams=True)
    now = answer_well(health, now)

    assert unasked is None
    assert health.vitals.first_byte_percentile(95, now, streams=True) == pytest.approx(0.3, rel=0.1)
    assert health.vitals.first_byte_percentile(95, now, streams=False) is None


def test_those_given_up_count_with_the_time_they_had() -> None:
    health = a_health()
    health.vitals.first_byte_percentile(95, START, streams=True)
    now = answer_well(health, START, times=50)

    for _ in range(50):
        health.begin(now).lose(now + 2)

    assert health.vitals.first_byte_percentile(75, now, streams=True) == pytest.approx(2, rel=0.2)
    assert health.in_flight == 0
    assert health.breaker.failures_in_row == 0


def test_a_ticket_that_has_ended_does_not_lose() -> None:
    health = a_health()
    ticket = ask(health, START)

    ticket.lose(START + 9)

    assert health.in_flight == 0
