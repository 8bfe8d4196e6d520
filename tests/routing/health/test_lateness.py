"""A stall is noticed long before the first-byte timeout, and nothing else is taken for one."""

import random
from functools import partial

import pytest

from routing.health import Cause, Health
from routing.health.lateness import Lateness
from tests.routing.health.scenes import CALLERS_FAULT, PLENTY, START, a_health, answer_well, ask, broken


def waiting(health: Health, now: float, number: int) -> None:
    for _ in range(number):
        health.begin(now)


def test_three_that_wait_for_longer_than_three_seconds_are_a_stall() -> None:
    health = a_health()
    now = answer_well(health, START)

    waiting(health, now, 3)

    assert health.standing(now + 2.9).ok
    stalled = health.standing(now + 3.1)
    assert (stalled.ok, stalled.cause) == (False, Cause.STALLS)


def test_two_are_not() -> None:
    health = a_health()
    now = answer_well(health, START)

    waiting(health, now, 2)

    assert health.standing(now + 50).ok


def test_nothing_is_late_where_nobody_knows_what_is_usual() -> None:
    health = a_health()
    now = answer_well(health, START, times=19)

    waiting(health, now, 10)

    assert health.standing(now + 50).ok
    assert health.patience_seconds() is None


def test_whoever_is_usually_slow_is_given_more_time() -> None:
    health = a_health()
    now = answer_well(health, START, takes=5)

    waiting(health, now, 3)

    assert health.patience_seconds() == pytest.approx(18, abs=0.5)
    assert health.standing(now + 17).ok
    assert not health.standing(now + 19).ok


def test_a_first_byte_since_they_were_asked_shows_that_it_lives() -> None:
    health = a_health()
    now = answer_well(health, START)
    waiting(health, now, 10)

    ask(health, now + 1)

    assert health.standing(now + 50).ok


def test_one_lost_request_does_not_hide_a_later_stall() -> None:
    health = a_health()
    now = answer_well(health, START)
    health.begin(now)
    now = answer_well(health, now)

    waiting(health, now, 3)

    assert not health.standing(now + 3.1).ok


def test_whoever_left_no_longer_waits() -> None:
    health = a_health()
    now = answer_well(health, START)
    tickets = [health.begin(now) for _ in range(4)]

    tickets[0].leave()
    tickets[1].leave()

    assert health.standing(now + 50).ok


def test_requests_that_trickle_in_are_a_stall_when_the_third_is_late() -> None:
    health = a_health()
    now = answer_well(health, START)

    for second in range(3):
        health.begin(now + second)

    assert health.standing(now + 4.9).ok
    assert not health.standing(now + 5.1).ok


def test_whole_answers_do_not_make_streams_late_nor_streams_them() -> None:
    health = a_health()
    now = answer_well(health, START)

    for _ in range(5):
        health.begin(now, streams=False)

    assert health.standing(now + 50).ok


def test_a_probe_is_given_up_when_it_is_late() -> None:
    health = a_health()
    now = answer_well(health, START)
    waiting(health, now, 3)
    now = health.standing(now + 3.1).until or 0.0

    probe = health.begin(now)
    health.standing(now + 3.1)
    probe.first_byte(now + 20)
    probe.end(now + 20)

    assert not probe.is_probe
    assert health.breaker.openings == 2


def test_those_who_wait_since_before_it_broke_do_not_open_it_again() -> None:
    health = a_health()
    now = answer_well(health, START)
    waiting(health, now, 30)
    now = health.standing(now + 3.1).until or 0.0

    ask(health, now, takes=0.2)
    ask(health, now + 0.2, takes=0.2)

    assert health.standing(now + 0.5).ok
    assert health.standing(now + 60).ok


def test_the_answers_of_a_stalled_crowd_do_not_become_usual() -> None:
    health = a_health()
    now = answer_well(health, START)
    tickets = [health.begin(now) for _ in range(100)]
    health.standing(now + 3.1)

    for ticket in tickets:
        ticket.first_byte(now + 20)
        ticket.end(now + 20)

    assert health.patience_seconds() == 3


def test_a_lasting_change_becomes_usual_after_a_while() -> None:
    lateness = Lateness()
    for _ in range(PLENTY):
        lateness.learn(0.3)

    for _ in range(25):
        lateness.learn(20.0)
    after_five_minutes_of_probes = lateness.limit_seconds
    for _ in range(75):
        lateness.learn(20.0)

    assert after_five_minutes_of_probes < 5
    assert lateness.limit_seconds > 20


def test_varied_prompts_are_not_late() -> None:
    lateness, rng = Lateness(), random.Random(7)
    waits = [rng.lognormvariate(-0.7, 0.8) for _ in range(20_000)]

    late = 0
    for waited in waits:
        late += waited > lateness.limit_seconds
        lateness.learn(waited)

    assert late / len(waits) < 0.02  # and three in a row of them, with nobody answered between, do not happen


def test_those_who_wait_where_it_stalls_are_told_to_go_elsewhere() -> None:
    health, told = a_health(), list[bool]()
    now = answer_well(health, START)
    for streams in (True, True, True, False):
        health.begin(now, streams=streams).give_up = partial(told.append, streams)
    answered = health.begin(now, streams=False)
    answered.give_up = partial(told.append, False)
    answered.end(now + 1, CALLERS_FAULT)

    health.standing(now + 2.9)
    before = list(told)
    health.standing(now + 3.1)

    assert (before, told) == ([], [True, True, True, False])


def test_where_it_fails_they_are_not() -> None:
    health, told = a_health(), list[bool]()
    health.begin(START).give_up = partial(told.append, True)

    broken(health)

    assert told == []
