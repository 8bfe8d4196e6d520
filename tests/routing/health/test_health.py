"""One upstream, asked and asked about."""

import pytest

from benchmarks.counting import counting
from routing.health import Cause, Health
from routing.health.standing import WELL
from tests.routing.health.scenes import (
    FAILURE,
    START,
    a_book,
    a_health,
    answer_well,
    ask,
    broken,
    rate_limited,
    rate_limited_for,
    recovered,
)

MOST_CALLS = 25


def test_whoever_was_never_asked_is_well() -> None:
    assert a_health().standing(START) == WELL


def test_a_healthy_request_costs_few_calls() -> None:
    health = a_health()
    now = answer_well(health, START)

    with counting() as calls:
        assert health.standing(now).ok
        ticket = health.begin(now)
        ticket.first_byte(now + 0.3)
        ticket.end(now + 0.5, tokens=100)

    assert 10 < calls.ours <= MOST_CALLS


def test_asking_a_healthy_one_for_its_standing_is_one_call_and_no_memory() -> None:
    health = a_health()
    now = recovered(health) + 11
    health.standing(now)

    with counting() as calls:
        standing = health.standing(now + 1)

    assert calls.ours == 1
    assert standing is WELL


def test_requests_in_flight_are_counted() -> None:
    health = a_health()
    tickets = [health.begin(START) for _ in range(3)]
    at_most = health.in_flight

    tickets[0].leave()
    tickets[1].end(START, FAILURE)
    tickets[2].end(START)

    assert (at_most, health.in_flight, health.account.in_flight) == (3, 0, 0)


def test_a_ticket_ends_once() -> None:
    health = a_health()
    ticket = health.begin(START)
    ticket.end(START + 1)

    ticket.end(START + 2, FAILURE)
    ticket.leave()

    assert health.in_flight == 0
    assert health.breaker.failures_in_row == 0


def test_whoever_has_its_first_byte_knows_no_more_how_to_go_elsewhere() -> None:
    ticket = a_health().begin(START)
    ticket.give_up = list[int]

    ticket.first_byte(START + 1)

    assert ticket.give_up is None


def test_an_upstream_takes_as_many_requests_as_it_may() -> None:
    health = a_book(upstream_cap=2).of("openai/gpt-4o")
    tickets = [health.begin(START) for _ in range(2)]

    full = health.standing(START)
    tickets[0].leave()

    assert (full.ok, full.cause) == (False, Cause.FULL)
    assert health.standing(START).ok


def test_so_does_a_provider_over_all_its_upstreams() -> None:
    book = a_book()
    book.limit("openai", 2)
    ticket = book.of("openai/gpt-4o").begin(START)
    book.of("openai/o1").begin(START)

    full = book.of("openai/gpt-4o-mini").standing(START)
    ticket.leave()

    assert (full.ok, full.cause) == (False, Cause.FULL)
    assert book.of("openai/gpt-4o-mini").standing(START).ok


@pytest.mark.parametrize("verdict", [FAILURE, rate_limited()])
def test_clearing_it_makes_it_well_at_once_with_its_full_share(verdict: object) -> None:
    health = a_health()
    for _ in range(3):
        ask(health, START, verdict, takes=0.0)  # type: ignore[arg-type]  # parametrize knows objects only

    health.clear(START + 1)

    assert health.standing(START + 1) == WELL


def test_what_is_shown_says_the_state_and_the_time_left() -> None:
    health = a_health()
    until = broken(health)

    told = health.as_told(until - 4)

    assert (told.state, told.openings, told.in_flight) == ("open", 1, 0)
    assert told.seconds_left == pytest.approx(4)
    assert told.standing.cause is Cause.FAILURES


def test_the_breakers_time_goes_on_while_it_rests() -> None:
    health = a_health()
    until = broken(health)
    ask(health, START, rate_limited_for(300.0), takes=0.0)

    assert health.as_told(until).state == "half_open"


def an_opened_one() -> Health:
    health = a_health()
    broken(health)
    return health


def test_asking_for_a_standing_changes_none() -> None:
    health = an_opened_one()

    assert health.standing(START) == health.standing(START)
