"""Left alone because it asked for that, and no longer than it did."""

import random

import pytest

from providers.errors import Condition
from providers.verdict import Harm, Scope
from routing.health import Cause, HealthBook, Ticket
from routing.health.rest import Rest
from tests.routing.health.scenes import START, a_book, a_health, a_verdict, ask, rate_limited, rate_limited_for


def test_it_rests_for_as_long_as_it_asked_and_half_as_long_at_most() -> None:
    lengths = []
    for seed in range(200):
        rest = Rest(random.Random(seed))
        rest.begin(START, START, rate_limited_for(2.0))
        lengths.append(rest.until - START)

    assert min(lengths) >= 2
    assert max(lengths) <= 3
    assert max(lengths) - min(lengths) > 0.8


def test_the_breaker_is_not_touched() -> None:
    health = a_health()

    for _ in range(10):
        ask(health, START, rate_limited(), takes=0.0)

    assert health.breaker.openings == 0
    assert health.standing(START).cause is Cause.REST


def test_it_says_why_and_ends_by_itself() -> None:
    health = a_health()
    ask(health, START, rate_limited(), takes=0.0)

    until = health.standing(START).until or 0.0

    assert health.standing(until - 4).reason == "rate limited, 4 s left"
    assert health.standing(until).ok


@pytest.mark.parametrize(("times", "seconds"), [(1, 5), (2, 10), (3, 20), (4, 40), (5, 60), (9, 60)])
def test_whoever_is_refused_again_after_resting_rests_twice_as_long(times: int, seconds: float) -> None:
    rest, now, length = Rest(random.Random(1)), START, 0.0

    for _ in range(times):
        rest.begin(now, now, rate_limited())
        length, now = rest.until - now, rest.until

    assert seconds <= length <= 1.5 * seconds


def test_many_refused_together_count_as_one() -> None:
    rest = Rest(random.Random(1))

    for _ in range(50):
        rest.begin(START, START - 0.1, rate_limited())

    assert rest.until - START <= 7.5


def test_a_longer_wait_asked_for_meanwhile_holds() -> None:
    rest = Rest(random.Random(1))
    rest.begin(START, START - 1, rate_limited_for(2.0))

    rest.begin(START, START - 1, rate_limited_for(30.0))

    assert rest.until - START >= 30


def test_the_next_rest_is_short_again_after_a_success() -> None:
    health = a_health()
    ask(health, START, rate_limited(), takes=0.0)
    now = health.rest.until
    ask(health, now)

    ask(health, now + 1, rate_limited(), takes=0.0)

    assert health.rest.until - (now + 1) <= 7.5


def test_a_success_of_a_request_begun_before_ends_no_rest() -> None:
    health = a_health()
    earlier = health.begin(START - 1)
    ask(health, START, rate_limited(), takes=0.0)

    earlier.end(START + 1)

    assert not health.standing(START + 1).ok


def test_after_a_while_the_repetition_is_forgotten() -> None:
    rest = Rest(random.Random(1))
    rest.begin(START, START, rate_limited())
    later = rest.until + 61

    rest.begin(later, later, rate_limited())

    assert rest.until - later <= 7.5


def test_a_refused_credential_puts_all_upstreams_of_its_provider_to_rest() -> None:
    book = a_book()
    refused = a_verdict(Harm.REST, Condition.QUOTA_EXCEEDED, scope=Scope.CREDENTIAL, rest_seconds=300)

    ask(book.of("openai/gpt-4o"), START, refused, takes=0.0)

    assert book.of("openai/o1").standing(START).condition is Condition.QUOTA_EXCEEDED
    assert book.of("groq/llama").standing(START).ok
    assert book.of("openai/o1").standing(START + 451).ok


AUTH = a_verdict(Harm.REST, Condition.AUTH, scope=Scope.CREDENTIAL, rest_seconds=60)


def a_refused_credential(book: HealthBook) -> Ticket:
    """Its provider rests; a request that is still under way was called with it too."""
    book.note_credential("openai", 1, START)
    under_way = book.of("openai/gpt-4o").begin(START)
    ask(book.of("openai/gpt-4o"), START, AUTH)
    return under_way


def test_a_new_credential_need_not_rest_for_what_was_said_of_the_old_one() -> None:
    book = a_book()
    under_way = a_refused_credential(book)
    before = book.of("openai/o1").standing(START + 1).ok

    book.note_credential("openai", 2, START + 1)
    under_way.end(START + 2, AUTH)

    assert (before, book.of("openai/o1").standing(START + 2).ok) == (False, True)


def test_the_same_credential_goes_on_resting() -> None:
    book = a_book()
    a_refused_credential(book)

    book.note_credential("openai", 1, START + 1)

    assert not book.of("openai/o1").standing(START + 1).ok


def test_a_new_credential_that_is_refused_rests_too() -> None:
    book = a_book()
    a_refused_credential(book)
    book.note_credential("openai", 2, START + 1)

    ask(book.of("openai/gpt-4o"), START + 1, AUTH)

    assert not book.of("openai/o1").standing(START + 2).ok


def test_clearing_one_of_a_credential_wakes_the_others() -> None:
    book = a_book()
    refused = a_verdict(Harm.REST, Condition.QUOTA_EXCEEDED, scope=Scope.CREDENTIAL, rest_seconds=300)
    ask(book.of("openai/gpt-4o"), START, refused, takes=0.0)

    book.clear(["openai/o1"], START)

    assert book.of("openai/gpt-4o").standing(START).ok
