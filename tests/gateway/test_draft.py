import random

from gateway.draft import Draft, Moment
from history.records import Outcome
from providers.errors import ConnectFailed, ProtocolError, UpstreamServerError
from providers.pricing import Usage
from routing.health import HealthBook
from routing.step import Step
from routing.table import LeftOut, Route, Upstream

STEP = Step(upstream=Upstream(key="a/b", provider="a", model="b", urls={}), target_id=7, via="fast")


def a_draft() -> Draft:
    return Draft(
        id="0199", began=Moment(epoch=1_760_000_000, monotonic=0), api_type="chat", route=Route(name="fast", id=3)
    )


def test_an_exchange_names_who_answered_and_how_long_all_of_it_took() -> None:
    draft = a_draft()

    draft.begin_attempt(STEP, "http://a", None, 1)
    draft.note_head(1.25, "req_1")
    draft.note_first_byte(1.5)
    draft.note_first_byte(1.75)
    draft.end_attempt(Outcome.OK, 2, status=200)
    exchange = draft.close(Outcome.OK, 200, 3)

    assert (exchange.alias, exchange.alias_id, exchange.provider, exchange.model) == ("fast", 3, "a", "b")
    assert (exchange.target_id, exchange.latency_ms, exchange.first_byte_ms) == (7, 3000, 1500)
    attempt = exchange.attempts[0]
    assert (attempt.number, attempt.latency_ms, attempt.first_byte_ms) == (1, 1000, 250)
    assert (attempt.started_at, attempt.upstream_request_id) == (1_760_000_001, "req_1")


def test_what_an_answer_used_is_told_to_the_health_of_its_upstream() -> None:
    health = HealthBook(random.Random(1)).of("a/b")
    draft = a_draft()
    draft.begin_attempt(STEP, "http://a", None, 1, health.begin(1))
    draft.usage = Usage(input_tokens=1_000, output_tokens=30)

    draft.end_attempt(Outcome.OK, 2, status=200)

    told = health.as_told(2)
    assert (told.used_tokens, told.tokens_per_second) == (1_030, 30)


def test_every_try_is_kept_in_order_with_its_failure() -> None:
    draft = a_draft()

    for failure in (ConnectFailed("Nobody there."), UpstreamServerError("It failed.", upstream_status=500)):
        draft.begin_attempt(STEP, "http://a", None, 1)
        draft.end_attempt(Outcome.FAILED, 2, failure=failure)
    exchange = draft.close(Outcome.FAILED, 502, 3, code="upstream_error", error="It failed.")

    assert [(one.number, one.status, one.condition) for one in exchange.attempts] == [
        (1, None, "connection"),
        (2, 500, "server_error"),
    ]


def test_a_model_that_was_asked_for_by_name_and_could_not_be_asked_fails_under_its_own_name() -> None:
    draft = a_draft()
    draft.route = Route(name="meta/llama/3", model_id=9)

    exchange = draft.close(Outcome.FAILED, 503, 1, code="upstreams_unavailable")

    assert (exchange.alias, exchange.provider, exchange.model, exchange.attempts) == ("", "meta", "llama/3", ())


def test_what_was_refused_is_no_upstreams_business() -> None:
    draft = a_draft()
    draft.route = Route(name="meta/llama", model_id=9)

    exchange = draft.close(Outcome.REFUSED, 404, 1, code="no_enabled_targets")

    assert (exchange.provider, exchange.model) == ("", "")


def test_an_alias_that_nobody_could_take_names_no_upstream() -> None:
    exchange = a_draft().close(Outcome.FAILED, 503, 1, code="upstreams_unavailable")

    assert (exchange.alias, exchange.provider, exchange.model) == ("fast", "", "")


def test_a_status_that_was_seen_is_kept_also_when_the_failure_does_not_tell_it() -> None:
    draft = a_draft()
    draft.begin_attempt(STEP, "http://a", None, 1)

    draft.end_attempt(Outcome.INTERRUPTED, 2, status=200, failure=ProtocolError("An endless event."))

    assert draft.attempts[0].status == 200


def test_what_is_still_going_on_when_the_exchange_ends_ends_with_it() -> None:
    draft = a_draft()
    draft.begin_attempt(STEP, "http://a", None, 1)

    exchange = draft.close(Outcome.CANCELLED, 499, 2)

    assert [one.outcome for one in exchange.attempts] == [Outcome.CANCELLED]
    assert draft.is_closed


def test_a_refusal_says_whom_it_left_out_and_names_no_upstream() -> None:
    draft = a_draft()
    draft.left_out.append(LeftOut(target="a/b", reason="the target is disabled"))
    draft.left_out.append(LeftOut(target="a/c at https://c", reason="the variable C is not set", for_callers="a/c"))

    exchange = draft.close(Outcome.REFUSED, 503, 1, code="no_enabled_targets", error="x" * 1000)

    assert (exchange.provider, exchange.target_id, exchange.attempts) == ("", None, ())
    assert exchange.left_out.splitlines() == [
        "a/b: the target is disabled",
        "a/c at https://c: the variable C is not set",
    ]
    assert len(exchange.error) == 256


def test_a_model_asked_for_directly_has_no_alias() -> None:
    draft = a_draft()
    draft.route = Route(name="openai/gpt-4o")

    exchange = draft.close(Outcome.OK, 200, 1)

    assert (exchange.alias, exchange.alias_id) == ("", None)
