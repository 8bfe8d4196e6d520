"""What processes tell each other, and how far they believe it."""

import random

from providers.errors import Condition
from providers.verdict import Harm, Scope
from routing.health import Cause, HealthBook
from routing.health.breaker import State
from routing.health.news import Event, News
from tests.routing.health.scenes import FAILURE, REFUSED, START, a_book, a_verdict, ask, broken, rate_limited

KEY = "openai/gpt-4o"


def tell(teller: HealthBook, listener: HealthBook, at: float, then: float | None = None) -> None:
    listener.heard({"the other": teller.news(at)}, then or at)


def test_an_upstream_is_the_same_whenever_it_is_asked_for() -> None:
    book = a_book()

    assert book.of(KEY) is book.of(KEY)


def test_upstreams_of_a_provider_share_its_account() -> None:
    book = a_book()

    assert book.of("openai/gpt-4o").account is book.of("openai/o1 at http://elsewhere").account
    assert book.of("openai/gpt-4o").account is not book.of("groq/openai/gpt").account


def test_what_is_well_is_no_news() -> None:
    book = a_book()
    ask(book.of(KEY), START)

    assert book.news(START) == []


def test_an_opening_is_believed_for_what_is_left_of_it() -> None:
    teller, listener = a_book(), a_book()
    until = broken(teller.of(KEY))

    tell(teller, listener, until - 2, then=5000.0)

    standing = listener.of(KEY).standing(5000.0)
    assert (standing.ok, standing.cause, standing.until) == (False, Cause.FAILURES, 5002.0)


def test_an_opening_is_believed_once() -> None:
    teller, listener = a_book(), a_book()
    until = broken(teller.of(KEY))
    tell(teller, listener, until - 3)
    listener.of(KEY).clear(until - 2)

    tell(teller, listener, until - 1)

    assert listener.of(KEY).standing(until - 1).ok


def test_hearsay_is_not_passed_on() -> None:
    teller, listener = a_book(), a_book()
    broken(teller.of(KEY))

    tell(teller, listener, START)

    assert listener.news(START) == []


def test_whoever_has_just_been_answered_trusts_its_own_eyes() -> None:
    teller, listener = a_book(), a_book()
    broken(teller.of(KEY))
    ask(listener.of(KEY), START - 1)

    tell(teller, listener, START)

    assert listener.of(KEY).standing(START).ok


def test_a_machine_without_a_network_convinces_nobody() -> None:
    teller, listener = a_book(), a_book()
    for _ in range(3):
        ask(teller.of(KEY), START, REFUSED, takes=0.0)

    tell(teller, listener, START)

    assert listener.of(KEY).standing(START).ok


def test_a_rest_is_believed() -> None:
    teller, listener = a_book(), a_book()
    ask(teller.of(KEY), START, rate_limited(), takes=0.0)

    tell(teller, listener, START)

    assert listener.of(KEY).standing(START).condition is Condition.RATE_LIMITED


def test_a_credentials_rest_is_believed_for_all_its_upstreams() -> None:
    teller, listener = a_book(), a_book()
    refused = a_verdict(Harm.REST, Condition.QUOTA_EXCEEDED, scope=Scope.CREDENTIAL, rest_seconds=300)
    ask(teller.of(KEY), START, refused, takes=0.0)

    tell(teller, listener, START)

    assert listener.of("openai/o1").standing(START).condition is Condition.QUOTA_EXCEEDED


def test_a_clearance_is_believed() -> None:
    teller, listener = a_book(), a_book()
    broken(listener.of(KEY))
    teller.of(KEY).clear(START)

    tell(teller, listener, START + 1)

    assert listener.of(KEY).standing(START + 1).ok


def test_a_clearance_is_not_told_for_ever() -> None:
    book = a_book()

    book.of(KEY).clear(START)

    assert book.news(START + 11) == []


def test_a_teller_that_went_silent_is_forgotten() -> None:
    teller, listener = a_book(), a_book()
    broken(teller.of(KEY))
    tell(teller, listener, START)

    listener.heard({}, START + 1)

    assert listener._believed == {}


def test_in_flight_elsewhere_is_what_the_others_say_last() -> None:
    book = a_book()
    health = book.of(KEY)

    book.heard_in_flight({KEY: 7, "unknown/model": 3})
    heard = health.in_flight_elsewhere
    book.heard_in_flight({})

    assert (heard, health.in_flight_elsewhere) == (7, 0)


def test_it_tells_what_is_in_flight_here() -> None:
    book = a_book()
    book.of(KEY).begin(START)
    ask(book.of("openai/o1"), START)

    assert book.in_flight() == {KEY: 1}


def test_upstreams_that_are_gone_are_forgotten_once_nothing_is_under_way() -> None:
    book = HealthBook(random.Random(1))
    book.of("openai/gone")
    book.of("openai/busy").begin(START)
    ask(book.of(KEY), START, FAILURE)

    book.keep_only({KEY})

    assert {health.key for health in book} == {KEY, "openai/busy"}


def test_clearing_an_upstream_also_ends_its_credentials_rest_everywhere() -> None:
    teller, listener = a_book(), a_book()
    refused = a_verdict(Harm.REST, Condition.AUTH, scope=Scope.CREDENTIAL, rest_seconds=60.0)
    ask(teller.of(KEY), START, refused)
    tell(teller, listener, START)
    assert not listener.of(KEY).standing(START).ok

    teller.clear([KEY], START + 1)
    tell(teller, listener, START + 2)

    assert teller.of(KEY).standing(START + 2).ok
    assert listener.of(KEY).standing(START + 2).ok


def test_a_clearance_goes_before_what_was_heard_at_the_same_time() -> None:
    broken_there, cleared_here, listener = a_book(), a_book(), a_book()
    broken(broken_there.of(KEY))
    cleared_here.clear([KEY], START)

    listener.heard({"a": cleared_here.news(START), "b": broken_there.news(START)}, START)

    assert listener.of(KEY).standing(START).ok


def test_requests_in_flight_elsewhere_are_known_for_an_upstream_that_is_met_later() -> None:
    book = a_book()

    book.heard_in_flight({KEY: 7})

    assert book.of(KEY).in_flight_elsewhere == 7


def an_answer_to_a_probe(begun_seconds_ago: float = 0.5) -> News:
    return News(key=KEY, event=Event.ANSWERED, number=1, seconds=begun_seconds_ago)


def test_a_probe_that_is_answered_ends_a_rest_that_we_had_only_guessed() -> None:
    book = a_book()
    unknown = a_verdict(Harm.REST, Condition.MODEL_NOT_FOUND, rest_seconds=300.0)
    ask(book.of(KEY), START, unknown)

    book.heard({"probe": [an_answer_to_a_probe()]}, START + 10)

    assert book.of(KEY).standing(START + 10).ok


def test_a_probe_that_is_answered_ends_no_rest_that_the_provider_asked_for() -> None:
    book = a_book()
    ask(book.of(KEY), START, rate_limited())

    book.heard({"probe": [an_answer_to_a_probe()]}, START + 3)

    assert not book.of(KEY).standing(START + 3).ok


def test_a_probe_that_is_answered_closes_no_breaker() -> None:
    book = a_book()
    broken(book.of(KEY))

    book.heard({"probe": [an_answer_to_a_probe(0.0)]}, START + 1)

    assert not book.of(KEY).standing(START + 1).ok


def test_a_probe_from_before_the_rest_says_nothing_of_it() -> None:
    book = a_book()
    ask(book.of(KEY), START, a_verdict(Harm.REST, Condition.MODEL_NOT_FOUND, rest_seconds=300.0))

    book.heard({"probe": [an_answer_to_a_probe(begun_seconds_ago=20.0)]}, START + 10)

    assert not book.of(KEY).standing(START + 10).ok


def test_openings_are_counted_by_whoever_saw_them() -> None:
    teller, listener = a_book(), a_book()
    broken(teller.of(KEY))
    ask(teller.of(KEY), START, rate_limited())
    tell(teller, listener, START)

    seen, heard = teller.of(KEY).as_told(START), listener.of(KEY).as_told(START)

    assert (seen.opened_total, heard.opened_total) == (1, 0)
    assert heard.state is State.OPEN
