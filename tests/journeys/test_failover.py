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
| client errors never harm an upstream | `test_left_alone.py::test_a_hundred_bad_requests_leave_everybody_in` |
| 501, 505, error in a 200 and all other rows of the matrix | `tests/providers/test_verdict.py` |
| breaker, ramp, ratio, lone upstream, outage, flapping, a brown-out, all dead, one 20 s late | `tests/routing/health/`, its simulation |
| a connect that hangs, names nobody knows, cancelled calls, answers read too late | `tests/providers/client/` |
| cookies and advice of an upstream | `test_an_upstreams_word_on_retrying_and_its_cookies_never_pass`, `test_headers.py` |
"""

import pytest

from gateway.views.route_explained import outlook
from history.models import AttemptLog
from tests.gateways import RunningGateway
from tests.journeys.failing import GOOD, said

pytestmark = pytest.mark.django_db(transaction=True)

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
