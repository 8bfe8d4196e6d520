"""An upstream fails and the request does not: real requests, a real upstream that fails as its model's name says.

The cases of bad upstreams, and what holds them:

| Case | Held by |
|---|---|
| refused, reset, silence, statuses, HTML, cut or broken JSON, gzip, redirects: another one answers | `test_another_upstream_answers` |
| the same with nobody else: status and code | `test_failing_upstreams.py` |
| a kept connection that went stale | `test_failing_upstreams.py::test_a_connection_that_had_gone_stale_is_made_anew_unseen` |
| Retry-After in all its forms | `tests/providers/test_retry_after.py` |
| a stream's first event is an error; role, then error; silence after the head; nothing in it | `test_another_upstream_answers` |
| a stream breaks, stalls, or is never finished after content | `test_streams.py`, `test_failing_upstreams.py`, `tests/gateway/test_relay.py` |
| a stream that is cut after any of its bytes, heard by the official SDK | `test_cut_streams.py` |
| floods, bombs, pages, headers, resets, handshakes that hang, crowds of bad requests, clients that leave | `test_bad_upstreams.py` |
| client errors never harm an upstream | `test_a_hundred_bad_requests_leave_everybody_in` |
| 501, 505, error in a 200 and all other rows of the matrix | `tests/providers/test_verdict.py` |
| breaker, ramp, ratio, lone upstream, outage, flapping, a brown-out, all dead, one 20 s late | `tests/routing/health/`, its simulation |
| a connect that hangs, names nobody knows, cancelled calls, answers read too late | `tests/providers/client/` |
| cookies and advice of an upstream | `test_an_upstreams_word_on_retrying_and_its_cookies_never_pass`, `test_headers.py` |
"""

import asyncio
import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from pytest_django import Settings

from gateway import runtime
from gateway.in_flight import IN_FLIGHT
from gateway.views.route_explained import outlook
from history.models import AttemptLog, RequestLog
from routing.health.lateness import LEAST_LATE_SECONDS
from tests.faulty_upstream import FaultyUpstream, an_unused_port
from tests.gateways import RunningGateway, eventually
from tests.routing.health.scenes import PLENTY

UPSTREAM_STALLS = 3
"""So many that are late at the same time prove it."""

pytestmark = pytest.mark.django_db(transaction=True)

GOOD = "gpt-4o-mini"
WHOLE = {
    "status-500": "server_error",
    "status-501": "server_error",
    "status-502": "server_error",
    "status-503": "overloaded",
    "status-503-retry-after-2": "overloaded",
    "status-504": "timeout",
    "status-529": "overloaded",
    "status-429": "rate_limited",
    "status-429-retry-after-2": "rate_limited",
    "status-401": "auth",
    "status-402": "quota_exceeded",
    "status-403": "auth",
    "status-404": "model_not_found",
    "status-408": "rejected",
    "status-409": "rejected",
    "too-long": "context_length",
    "html": "protocol",
    "bad-json": "protocol",
    "no-choices": "protocol",
    "redirect": "protocol",
    "gzip": "protocol",
    "not-http": "protocol",
    "bad-chunks": "protocol",
    "hang-up": "connection",
    "cut-after-3": "connection",
    "error-in-200": "overloaded",
    "empty": "empty",
}
"""What a whole answer fails by, and the condition in the history."""
STREAMS = {
    "status-500": "server_error",
    "status-429": "rate_limited",
    "error-first": "overloaded",
    "error-after-role": "overloaded",
    "empty": "empty",
    "role-then-cut": "connection",
    "role-then-end": "connection",
    "html": "protocol",
    "long-line": "protocol",
    "hang-up": "connection",
}
PASSED = ["status-400", "status-413", "status-422", "filtered"]


@pytest.mark.parametrize(("model", "condition"), WHOLE.items())
def test_another_upstream_answers(gateway: RunningGateway, model: str, condition: str) -> None:
    gateway.alias("fast", gateway.model("bad", model), gateway.model("good", GOOD), selector="in_order")

    reply = gateway.ask("fast", "Hello!")

    assert reply.status_code == 200
    assert reply.json()["choices"][0]["message"]["content"] == "Hello!"
    assert reply.headers["x-plexus-provider"] == "good"
    row = gateway.row(reply)
    assert [(one.provider, one.outcome, one.condition) for one in row.attempts.all()] == [
        ("bad", "failed", condition),
        ("good", "ok", ""),
    ]
    assert (row.outcome, row.provider, row.output_tokens) == ("ok", "good", 1)


@pytest.mark.parametrize(("model", "condition"), STREAMS.items())
def test_another_upstream_streams(gateway: RunningGateway, model: str, condition: str) -> None:
    gateway.alias("fast", gateway.model("bad", model), gateway.model("good", GOOD), selector="in_order")

    reply = gateway.ask("fast", "one two", stream=True)

    assert said(reply.text) == "one two"
    assert reply.text.count('"role"') == 1, "nothing of the first stream has gone to the client"
    assert reply.text.endswith("data: [DONE]\n\n")
    attempts = gateway.row(reply).attempts.all()
    assert [(one.provider, one.outcome, one.condition) for one in attempts] == [
        ("bad", "failed", condition),
        ("good", "ok", ""),
    ]


@pytest.mark.parametrize("model", ["silence", "head-then-silence", "role-then-silence"])
def test_a_stream_that_says_nothing_in_time_is_taken_over(gateway: RunningGateway, model: str) -> None:
    slow = gateway.model(gateway.provider("slow", first_byte_timeout_seconds=0.3), model)
    gateway.alias("fast", slow, gateway.model("good", GOOD), selector="in_order")

    reply = gateway.ask("fast", stream=True)

    assert said(reply.text) == "Hello!"
    assert gateway.row(reply).attempts.get(number=1).condition == "timeout"


@pytest.mark.parametrize("model", PASSED)
def test_what_is_the_callers_fault_goes_back_to_the_caller(gateway: RunningGateway, model: str) -> None:
    gateway.alias("fast", gateway.model("bad", model), gateway.model("good", GOOD), selector="in_order")

    reply = gateway.ask("fast")

    assert 400 <= reply.status_code < 500
    assert reply.headers["x-plexus-attempts"] == "1"
    assert reply.headers["x-should-retry"] == "false"


def test_the_first_failure_is_told_when_the_fallback_fails_in_another_way(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("one", "status-503"), gateway.model("two", "status-400"), selector="in_order")

    reply = gateway.ask("fast")

    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "upstream_overloaded")
    assert [one.status for one in gateway.row(reply).attempts.all()] == [503, 400]


def test_no_more_upstreams_are_tried_than_the_alias_says(gateway: RunningGateway) -> None:
    behind = [gateway.model(f"bad{number}", "status-500") for number in range(4)]
    gateway.alias("fast", *behind, gateway.model("good", GOOD), selector="in_order")
    gateway.alias("patient", *behind, gateway.model("good2", GOOD), selector="in_order", max_attempts=5)

    assert gateway.ask("fast").headers["x-plexus-attempts"] == "3"
    assert gateway.ask("patient").headers["x-plexus-attempts"] == "5"


def test_a_single_upstream_is_asked_once_more_after_a_moment(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("flaky", "flaky-1-status-500"))

    reply = gateway.ask("fast")

    assert (reply.status_code, reply.headers["x-plexus-attempts"]) == (200, "2")
    first, second = gateway.upstream.seen
    assert 0.09 < second.arrived_at - first.arrived_at < 2
    assert first.body == second.body
    assert gateway.row(reply).attempts.get(number=2).why.startswith("again, after server error")


def test_a_short_wait_is_waited_for_where_nobody_else_is_left(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("flaky", "flaky-1-status-429-retry-after-1"))

    reply = gateway.ask("fast")

    assert (reply.status_code, reply.headers["x-plexus-attempts"]) == (200, "2")
    first, second = gateway.upstream.seen
    assert 0.95 < second.arrived_at - first.arrived_at < 2.5


def test_a_rate_limited_upstream_is_left_alone_and_not_waited_for(gateway: RunningGateway) -> None:
    limited = gateway.model("limited", "status-429-retry-after-60")
    gateway.alias("fast", limited, gateway.model("good", GOOD), selector="in_order")

    replies = [gateway.ask("fast") for _ in range(5)]

    assert [reply.status_code for reply in replies] == [200] * 5
    assert asked(gateway) == {"status-429-retry-after-60": 1, GOOD: 5}
    row = gateway.row(replies[-1])
    assert "limited/status-429-retry-after-60: rate limited" in row.left_out


def test_everybody_rate_limited_is_told_at_once_with_the_shortest_wait(gateway: RunningGateway) -> None:
    behind = [gateway.model("one", "status-429-retry-after-60"), gateway.model("two", "status-429-retry-after-8")]
    gateway.alias("fast", *behind, selector="in_order")

    first, second = gateway.ask("fast"), gateway.ask("fast")

    assert (first.status_code, first.json()["error"]["code"]) == (429, "upstream_says_429")
    assert (second.status_code, second.json()["error"]["code"]) == (429, "upstream_rate_limited")
    assert 7 <= int(second.headers["retry-after"]) <= 12
    assert len(gateway.upstream.seen) == 2
    row = gateway.row(second)
    assert (row.outcome, row.attempt_count) == ("failed", 0)


def test_a_credential_that_is_refused_rests_for_all_its_models(gateway: RunningGateway) -> None:
    refused = gateway.provider("refused")
    gateway.alias("one", gateway.model(refused, "status-401"), gateway.model("good", GOOD), selector="in_order")
    gateway.alias("two", gateway.model(refused, "also"), gateway.model("good2", GOOD), selector="in_order")

    gateway.ask("one")
    reply = gateway.ask("two")

    assert reply.headers["x-plexus-provider"] == "good2"
    assert "refused/also: auth" in gateway.row(reply).left_out


def test_a_new_credential_is_used_at_once(gateway: RunningGateway) -> None:
    refused = gateway.provider("refused")
    gateway.alias("fast", gateway.model(refused, "flaky-1-status-401"))
    statuses = [gateway.ask("fast").status_code for _ in range(2)]

    refused.credential = "sk-a-new-one"
    refused.save()

    assert statuses == [502, 503]
    assert gateway.ask("fast").status_code == 200


def test_three_failures_in_a_row_take_an_upstream_out(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("bad", "status-500"), gateway.model("good", GOOD), selector="in_order")

    replies = [gateway.ask("fast") for _ in range(8)]

    assert {reply.status_code for reply in replies} == {200}
    assert asked(gateway) == {"status-500": 3, GOOD: 8}


def test_streams_that_always_die_in_the_middle_take_their_upstream_out(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("bad", "cut-after-2"), gateway.model("good", GOOD), selector="in_order")

    replies = [gateway.ask("fast", stream=True) for _ in range(6)]

    assert [said(reply.text).startswith("word") for reply in replies] == [True] * 3 + [False] * 3


def test_a_hundred_bad_requests_leave_everybody_in(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("one", "status-400"), selector="in_order")

    replies = Counter(gateway.ask("fast").status_code for _ in range(100))

    assert replies == {400: 100}


def test_a_single_upstream_that_fails_now_and_then_is_never_left_alone(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("bad", "status-500"))

    codes = {gateway.ask("fast").json()["error"]["code"] for _ in range(6)}

    assert codes == {"upstream_error"}


def test_nobody_reachable_for_a_while_fails_fast_and_says_when_to_come_back(gateway: RunningGateway) -> None:
    gone = f"http://127.0.0.1:{an_unused_port()}/v1"
    behind = [gateway.model(gateway.provider(name, url=gone), "a") for name in ("one", "two")]
    gateway.alias("fast", *behind, selector="in_order")

    replies = [gateway.ask("fast") for _ in range(6)]

    last = replies[-1]
    assert (last.status_code, last.json()["error"]["code"]) == (503, "upstreams_unavailable")
    assert 1 <= int(last.headers["retry-after"]) <= 30
    assert last.headers["x-plexus-attempts"] == "0"
    assert "127.0.0.1" not in last.text


def test_upstreams_that_die_while_they_are_well_are_asked_a_few_times_and_then_all_is_refused_at_once(
    gateway: RunningGateway,
) -> None:
    with FaultyUpstream() as dying:
        behind = [gateway.model(gateway.provider(name, url=dying.url), GOOD) for name in ("one", "two", "three")]
        gateway.alias("fast", *behind)
        before = {gateway.ask("fast").status_code for _ in range(30)}

    after = [gateway.ask("fast") for _ in range(20)]

    assert before == {200}
    assert {reply.headers["x-plexus-attempts"] for reply in after[10:]} == {"0"}
    assert {reply.json()["error"]["code"] for reply in after[10:]} == {"upstreams_unavailable"}


def test_an_upstream_comes_back_by_a_probe(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("sick", "flaky-3-status-500"), gateway.model("good", GOOD), selector="in_order")
    for _ in range(4):
        gateway.ask("fast")

    time.sleep(6.2)
    reply = gateway.ask("fast")

    assert reply.headers["x-plexus-provider"] == "sick"
    assert "as a probe" in gateway.row(reply).attempts.get().why


# Conditions


def test_a_fallback_is_asked_only_after_what_it_is_for(gateway: RunningGateway) -> None:
    alias = gateway.alias("fast", gateway.model("bad", "status-500"), selector="in_order")
    gateway.target(alias, gateway.model("later", GOOD), position=1, conditions=["timeout"])
    gateway.target(alias, gateway.model("right", GOOD), position=2, conditions=["server_error"])

    reply = gateway.ask("fast")

    assert reply.headers["x-plexus-provider"] == "right"


def test_a_fallback_is_never_asked_first(gateway: RunningGateway) -> None:
    alias = gateway.alias("fast", gateway.model("good", GOOD))
    gateway.target(alias, gateway.model("spare", GOOD), weight=1000, conditions=["any"])

    providers = {gateway.ask("fast").headers["x-plexus-provider"] for _ in range(10)}

    assert providers == {"good"}


def test_a_fallback_for_two_failures_is_asked_after_two(gateway: RunningGateway) -> None:
    alias = gateway.alias("fast", gateway.model("one", "status-500"), gateway.model("two", "hang-up"))
    gateway.target(alias, gateway.model("last", GOOD), conditions=["primary_and_first_fallback_failed"])

    reply = gateway.ask("fast")

    assert (reply.headers["x-plexus-provider"], reply.headers["x-plexus-attempts"]) == ("last", "3")


def test_content_that_was_refused_goes_only_to_a_target_that_names_it(gateway: RunningGateway) -> None:
    alias = gateway.alias(
        "fast", gateway.model("strict", "filtered"), gateway.model("other", GOOD), selector="in_order"
    )
    gateway.target(alias, gateway.model("lenient", GOOD), position=2, conditions=["content_filter"])

    reply = gateway.ask("fast")

    assert (reply.headers["x-plexus-provider"], reply.headers["x-plexus-attempts"]) == ("lenient", "2")


def test_whoever_is_left_alone_counts_as_failed_for_a_fallback(gateway: RunningGateway) -> None:
    limited = gateway.model("limited", "status-429-retry-after-60")
    alias = gateway.alias("fast", limited, selector="in_order")
    gateway.target(alias, gateway.model("spare", GOOD), position=1, conditions=["rate_limited"])

    replies = [gateway.ask("fast") for _ in range(2)]

    assert [reply.headers["x-plexus-provider"] for reply in replies] == ["spare", "spare"]
    assert [reply.headers["x-plexus-attempts"] for reply in replies] == ["2", "1"]


def test_a_fallback_whose_condition_does_not_hold_is_told_in_the_history(gateway: RunningGateway) -> None:
    alias = gateway.alias("fast", gateway.model("bad", "status-401"), selector="in_order")
    gateway.target(alias, gateway.model("spare", GOOD), position=1, conditions=["timeout"])

    reply = gateway.ask("fast")

    assert reply.status_code == 502
    assert f"spare/{GOOD}: only after: too late" in gateway.row(reply).left_out


def test_a_fallback_chain_goes_on_with_the_next_one(gateway: RunningGateway) -> None:
    """As with Plano: a primary, then fallbacks in their order, each with the conditions under which it is used."""
    alias = gateway.alias("chain", gateway.model("primary", "status-429"), selector="in_order")
    gateway.target(alias, gateway.model("first", "hang-up"), position=1, conditions=["quota_exceeded", "rate_limited"])
    last = ["primary_and_first_fallback_failed"]
    gateway.target(alias, gateway.model("second", GOOD), position=2, conditions=last)

    reply = gateway.ask("chain")

    assert reply.headers["x-plexus-provider"] == "second"
    assert [one.condition for one in gateway.row(reply).attempts.all()] == ["rate_limited", "connection", ""]


# Limits and deadlines


def test_a_target_may_be_given_less_time_than_its_provider(gateway: RunningGateway) -> None:
    alias = gateway.alias("fast", selector="in_order")
    gateway.target(alias, gateway.model("slow", "silence"), position=0, answer_timeout_seconds=0.3)
    gateway.target(alias, gateway.model("good", GOOD), position=1)

    assert gateway.ask("fast").headers["x-plexus-provider"] == "good"


def test_a_stream_held_back_is_had_from_another_when_it_breaks_in_the_middle(gateway: RunningGateway) -> None:
    behind = [gateway.model("bad", "cut-after-3"), gateway.model("good", GOOD)]
    gateway.alias("whole", *behind, selector="in_order", stream_mode="buffered")

    reply = gateway.ask("whole", "one two", stream=True)

    assert said(reply.text) == "one two"
    assert "word" not in reply.text
    assert reply.text.endswith("data: [DONE]\n\n")


def test_comments_do_not_keep_a_stream_alive(gateway: RunningGateway) -> None:
    gateway.model(gateway.provider("muttering", semantic_idle_timeout_seconds=0.4), "muttering-0.05")

    reply = gateway.ask("muttering/muttering-0.05", stream=True)

    assert '"code":"upstream_idle_timeout"' in reply.text
    assert "[DONE]" not in reply.text


def test_an_upstream_that_has_as_much_as_it_may_have_hands_over(gateway: RunningGateway) -> None:
    full = gateway.model("full", "slow-0.5", max_in_flight=1)
    gateway.alias("fast", full, gateway.model("good", GOOD), selector="in_order")

    first = threading.Thread(target=lambda: gateway.ask("fast"))
    first.start()
    time.sleep(0.25)
    reply = gateway.ask("fast")
    first.join()

    assert reply.headers["x-plexus-provider"] == "good"
    assert "requests in flight, as many as may be" in gateway.row(reply).left_out


def test_the_last_empty_answer_is_given_when_nobody_has_a_better_one(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("one", "empty"), gateway.model("two", "status-500"), selector="in_order")

    reply = gateway.ask("fast")

    assert reply.status_code == 200
    assert reply.json()["choices"][0]["message"]["content"] == ""
    row = gateway.row(reply)
    assert (row.outcome, row.error_code, row.provider) == ("ok", "upstream_empty_answer", "one")
    assert reply.headers["x-plexus-provider"] == "one"
    assert row.attempt_count == 3, "two was asked once more"


@pytest.mark.parametrize("stream", [False, True])
def test_an_empty_answer_that_is_passed_on_costs_what_its_upstream_says_at_its_own_price(
    gateway: RunningGateway, stream: bool
) -> None:
    asked_first = gateway.model("one", "empty", input_usd_per_mtok="500000", output_usd_per_mtok="500000")
    then = gateway.model("two", "status-500", input_usd_per_mtok="1", output_usd_per_mtok="1")
    gateway.alias("fast", asked_first, then, selector="in_order")

    row = gateway.row(gateway.ask("fast", "one two", stream=stream))

    assert (row.input_tokens, row.output_tokens) == (2, 0)
    assert row.cost_usd == 1


def test_a_session_stays_where_it_was_answered(gateway: RunningGateway) -> None:
    behind = [gateway.model(f"p{number}", GOOD) for number in range(5)]
    gateway.alias("fast", *behind, sticky="session")

    def providers(session: str) -> set[str]:
        replies = [gateway.ask("fast", user=session) for _ in range(5)]
        return {reply.headers["x-plexus-provider"] for reply in replies}

    chosen = [providers(f"user {number}") for number in range(6)]

    assert all(len(each) == 1 for each in chosen)
    assert len(set.union(*chosen)) > 1


def test_a_session_moves_when_its_upstream_fails_and_stays_there(gateway: RunningGateway) -> None:
    behind = [gateway.model("a", "flaky-1-status-429-retry-after-60"), gateway.model("b", GOOD)]
    gateway.alias("fast", *behind, selector="in_order", sticky="session")

    providers = [gateway.ask("fast", user="me").headers["x-plexus-provider"] for _ in range(3)]

    assert providers == ["b"] * 3
    assert gateway.ask("fast", user="me").headers["x-plexus-provider"] == "b"


def test_the_cheapest_for_this_request_is_asked_first(gateway: RunningGateway) -> None:
    dear = gateway.model("dear", GOOD, input_usd_per_mtok="5", output_usd_per_mtok="5")
    cheap = gateway.model("cheap", GOOD, input_usd_per_mtok="1", output_usd_per_mtok="1")
    gateway.alias("fast", dear, cheap, selector="cost")

    assert {gateway.ask("fast").headers["x-plexus-provider"] for _ in range(5)} == {"cheap"}


def test_each_try_says_why_it_was_made(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("bad", "status-500"), gateway.model("good", GOOD), selector="in_order")

    row = gateway.row(gateway.ask("fast"))

    assert [one.why for one in AttemptLog.objects.filter(request=row)] == [
        "first in the order",
        "after server error of bad/status-500",
    ]


def test_the_page_that_explains_a_route_shows_the_health_of_this_process(gateway: RunningGateway) -> None:
    alias = gateway.alias("fast", gateway.model("limited", "status-429-retry-after-60"), gateway.model("good", GOOD))
    while gateway.ask("fast").headers["x-plexus-attempts"] == "1":
        pass

    seen = outlook(alias.name, "chat")

    assert [row.prospect.step.upstream.key for row in seen.rows] == [f"good/{GOOD}"]
    assert [row.percent for row in seen.rows] == [100]
    (left_out,) = seen.left_out
    assert left_out.target == "limited/status-429-retry-after-60"
    assert left_out.reason.startswith("rate limited, ")


def test_a_page_that_explains_names_what_a_fallback_waits_for(gateway: RunningGateway) -> None:
    alias = gateway.alias("fast", gateway.model("good", GOOD))
    gateway.target(alias, gateway.model("spare", GOOD), conditions=["timeout", "connection"])

    seen = outlook(alias.name, "chat")

    assert [(one.target, one.reason) for one in seen.left_out] == [
        (f"spare/{GOOD}", "only after: too late, no connection")
    ]


def test_a_crowd_waits_for_a_short_while_by_one_at_a_time(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("limited", "status-429-retry-after-1"))
    statuses: list[int] = []

    crowd = [threading.Thread(target=lambda: statuses.append(gateway.ask("fast").status_code)) for _ in range(8)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()

    assert statuses == [429] * 8
    # Those that come together meet the first refusal together; one of them alone waits, and asks again.
    assert sum(row.attempt_count == 2 for row in eventually(lambda: all_rows(8))) == 1


def all_rows(count: int) -> list[RequestLog]:
    rows = list(RequestLog.objects.all())
    return rows if len(rows) == count else []


def test_an_upstreams_word_on_retrying_and_its_cookies_never_pass(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("bad", "wrong-advice"))

    reply = gateway.ask("fast")

    assert reply.status_code == 400
    assert reply.headers["x-should-retry"] == "false"
    assert "set-cookie" not in reply.headers


def test_usage_and_price_are_those_of_the_upstream_that_answered(gateway: RunningGateway) -> None:
    dear = gateway.model("dear", "empty", input_usd_per_mtok="1000", output_usd_per_mtok="1000")
    cheap = gateway.model("cheap", GOOD, input_usd_per_mtok="1", output_usd_per_mtok="1")
    gateway.alias("fast", dear, cheap, selector="in_order")

    row = gateway.row(gateway.ask("fast", "one two three"))

    assert row.cost_usd is not None
    assert float(row.cost_usd) == 6 / 1_000_000


def test_no_other_try_begins_after_the_time_for_all_of_them(gateway: RunningGateway, settings: Settings) -> None:
    runtime.current().chain_seconds = 0.2
    slow = [gateway.model(gateway.provider(name, answer_timeout_seconds=0.4), "silence") for name in ("slow", "too")]
    gateway.alias("fast", *slow, gateway.model("good", GOOD), selector="in_order")

    reply = gateway.ask("fast")

    assert (reply.status_code, reply.headers["x-plexus-attempts"]) == (504, "2")


def test_one_that_was_silent_for_its_whole_time_leaves_time_for_another(gateway: RunningGateway) -> None:
    runtime.current().chain_seconds = 0.2
    slow = gateway.model(gateway.provider("slow", answer_timeout_seconds=0.4), "silence")
    gateway.alias("fast", slow, gateway.model("good", GOOD), selector="in_order")

    reply = gateway.ask("fast")

    assert (reply.status_code, reply.headers["x-plexus-attempts"]) == (200, "2")


def test_a_client_that_leaves_harms_nobody_and_counts_nowhere(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("slow", "silence"))
    for _ in range(4):
        with pytest.raises(httpx.TimeoutException):
            gateway.post(
                "/v1/chat/completions",
                json={"model": "fast", "messages": [{"role": "user", "content": "x"}]},
                timeout=0.2,
            )
    time.sleep(0.3)

    health = runtime.current().health.of("slow/silence")

    assert (health.in_flight, health.breaker.failures_in_row) == (0, 0)


def said(stream: str) -> str:
    """The text of a stream of chat chunks."""
    events = [line.removeprefix("data: ") for line in stream.split("\n\n") if line.startswith("data: {")]
    choices = [choice for event in events for choice in json.loads(event).get("choices", [])]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def asked(gateway: RunningGateway) -> dict[str, int]:
    """How often each model was asked."""
    return dict(Counter(json.loads(seen.body)["model"] for seen in gateway.upstream.seen))


# Whoever waits for an upstream that is found to stall


def usually_quick(key: str) -> None:
    """Let this upstream have answered often, and soon."""

    async def remember() -> None:
        health, now = runtime.current().health.of(key), runtime.Runtime.clock()
        for streams in (True, False):
            for _ in range(PLENTY):
                ticket = health.begin(now, streams=streams)
                ticket.first_byte(now + 0.05)
                ticket.end(now + 0.05)

    asyncio.run_coroutine_threadsafe(remember(), runtime.current().loop).result(5)


def a_body_of(name: str) -> dict[str, object]:
    return {"model": name, "messages": [{"role": "user", "content": "Hello!"}]}


def asked_together(gateway: RunningGateway, name: str, number: int, *, patience_seconds: float) -> list[int]:
    """Statuses; 0 of those that were not answered in time."""

    def ask(_: int) -> int:
        try:
            return gateway.post("/v1/chat/completions", json=a_body_of(name), timeout=patience_seconds).status_code
        except httpx.TimeoutException:
            return 0

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(ask, range(number)))


def test_whole_answers_that_wait_where_nobody_answers_are_asked_for_elsewhere(gateway: RunningGateway) -> None:
    silent, good = gateway.model("sick", "silence"), gateway.model("well", GOOD)
    gateway.alias("two", silent, good, selector="in_order")
    usually_quick("sick/silence")

    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(asked_together, gateway, "two", UPSTREAM_STALLS, patience_seconds=20)
        time.sleep(LEAST_LATE_SECONDS + 0.5)
        next_one = gateway.ask("two")
        statuses = first.result()

    assert statuses == [200] * UPSTREAM_STALLS
    assert next_one.status_code == 200
    assert time.monotonic() - began < 10
    assert len(IN_FLIGHT) == 0


def test_where_nobody_else_is_they_go_on_waiting(gateway: RunningGateway) -> None:
    gateway.alias("one", gateway.model("sick", "silence"))
    usually_quick("sick/silence")

    statuses = asked_together(gateway, "one", UPSTREAM_STALLS + 1, patience_seconds=LEAST_LATE_SECONDS + 1.5)

    assert statuses == [0] * (UPSTREAM_STALLS + 1)
