"""What is measured, and what is not taken for a measurement."""

import pytest

from tests.routing.health.scenes import FAILURE, START, a_health, answer_well, ask


def test_the_time_to_the_first_byte_is_that_of_good_answers() -> None:
    health = a_health()

    ask(health, START, takes=0.5)

    assert health.vitals.first_byte_ms == pytest.approx(300)


def test_failing_fast_does_not_look_fast() -> None:
    health = a_health()
    ask(health, START, takes=0.5)

    ticket = health.begin(START + 1)
    ticket.first_byte(START + 1.001)
    ticket.end(START + 1.002, FAILURE, tokens=50)

    assert health.vitals.first_byte_ms == pytest.approx(300)
    assert health.vitals.speed.value is None
    assert health.vitals.samples(START + 1.002) < 1


def test_whoever_was_never_asked_is_unknown() -> None:
    told = a_health().as_told(START)

    assert (told.first_byte_ms, told.tokens_per_second, told.success_ratio, told.samples) == (None, None, None, 0)


def test_after_a_minute_a_sample_counts_half() -> None:
    health = a_health()
    ask(health, START, takes=1.0)

    ask(health, START + 59, takes=2.0)

    # 600 ms, then 1200 ms a minute later: (600 / 2 + 1200) / 1.5
    assert health.vitals.first_byte_ms == pytest.approx(1000, rel=0.01)


def test_whole_answers_do_not_count_where_there_are_streams() -> None:
    health = a_health()
    ask(health, START, takes=20.0, streams=False)
    alone = health.vitals.first_byte_ms

    ask(health, START + 20, takes=0.5)

    assert alone == pytest.approx(12_000)
    assert health.vitals.first_byte_ms == pytest.approx(300)


def test_what_was_used_is_what_was_read_and_what_was_written() -> None:
    health = a_health()

    health.begin(START).end(START + 1, tokens=30, read_tokens=1_000)
    health.begin(START).end(START + 1, read_tokens=500)

    assert health.as_told(START + 1).used_tokens == 1_530
    assert health.vitals.speed.value == 30


def test_tokens_per_second_are_all_tokens_over_all_seconds() -> None:
    health = a_health()
    ask(health, START, takes=1.0, tokens=100)

    ask(health, START, takes=1.0, tokens=20)

    assert health.vitals.speed.value == pytest.approx(60, rel=0.01)


def test_the_share_of_successes_is_told() -> None:
    health = a_health()
    answer_well(health, START, times=3, takes=0.01)

    ask(health, START + 0.1, FAILURE, takes=0.0)

    assert health.as_told(START + 0.1).success_ratio == pytest.approx(0.75, rel=0.01)


def test_use_is_that_of_the_last_minute() -> None:
    health = a_health()
    ask(health, START, tokens=70)
    ask(health, START + 30, tokens=7)

    told, later = health.as_told(START + 31), health.as_told(START + 200)

    assert (told.used_requests, told.used_tokens) == (2, 77)
    assert (later.used_requests, later.used_tokens) == (0, 0)
