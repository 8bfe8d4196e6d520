"""Two upstreams for one request: real requests, a real upstream that is late from some request on."""

import asyncio
import threading
import time
from contextlib import suppress
from typing import Any

import httpx
import pytest

from gateway import runtime
from history.models import AttemptLog
from routing.models import Alias
from tests.gateways import RunningGateway, eventually
from tests.journeys.failing import said
from tests.journeys.raw_http import chat, connected
from tests.journeys.test_streams import body_for

pytestmark = pytest.mark.django_db(transaction=True)

GOOD = "gpt-4o-mini"
KNOWN = 22
"""Answers after which it is known what is late."""
LATE = f"tires-{KNOWN}-60"
"""Later than anybody who waited for it would say is soon."""
LATE_AND_BROKEN = f"tires-{KNOWN}-0.4-status-500"


def hedged(gateway: RunningGateway, first: str, *others: str, **fields: Any) -> Alias:  # Any: any field of Alias
    """The alias “fast”, whose first upstream has been answering for a while."""
    behind = [gateway.model(f"p{place}", name) for place, name in enumerate((first, *others))]
    usual: dict[str, Any] = {"selector": "in_order", "hedge_percentile": 99, "hedge_budget_percent": 100}
    return gateway.alias("fast", *behind, **usual | fields)


def warm(gateway: RunningGateway, **fields: Any) -> None:  # Any: any member of the request
    for _ in range(KNOWN):
        assert gateway.ask("fast", **fields).status_code == 200


def tries(gateway: RunningGateway, reply: httpx.Response) -> list[tuple[int, str, str]]:
    row = gateway.row(reply)
    return [(one.number, one.provider, one.outcome) for one in AttemptLog.objects.filter(request=row)]


def asked(gateway: RunningGateway) -> int:
    return len(gateway.upstream.seen)


def left(gateway: RunningGateway) -> int:
    """How many were given up before they had their answer."""
    return len([seen for seen in gateway.upstream.seen if seen.peer_left_at])


def nothing_is_left() -> bool:
    """No request in flight, no connection in use, no task."""
    present = runtime.current()
    tasks = [task.get_name() for task in asyncio.all_tasks(present.loop)]
    in_flight = sum(health.in_flight for health in present.health)
    return not (in_flight or present._transport.in_use or {"one of two tries", "clearing away"} & set(tasks))


@pytest.mark.parametrize("streams", [False, True], ids=["whole", "stream"])
def test_the_next_one_answers_where_the_first_is_late_and_the_first_is_let_go_of(
    gateway: RunningGateway, streams: bool
) -> None:
    hedged(gateway, LATE, GOOD)
    warm(gateway, stream=streams)
    began = time.monotonic()

    reply = gateway.ask("fast", "one two", stream=streams)

    assert time.monotonic() - began < 4
    assert (said(reply.text) if streams else reply.json()["choices"][0]["message"]["content"]) == "one two"
    assert (reply.headers["x-plexus-provider"], reply.headers["x-plexus-attempts"]) == ("p1", "2")
    assert tries(gateway, reply) == [(1, "p0", "cancelled"), (2, "p1", "ok")]
    assert eventually(lambda: [seen for seen in gateway.upstream.seen if seen.peer_left_at])
    assert eventually(nothing_is_left)


def test_the_history_says_why_and_what_became_of_the_late_one(gateway: RunningGateway) -> None:
    hedged(gateway, LATE, GOOD)
    warm(gateway)

    row = gateway.row(gateway.ask("fast"))

    late, quick = AttemptLog.objects.filter(request=row)
    assert late.error == f"Given up: p1/{GOOD} was quicker. It may be billed; nobody knows what it cost."
    assert quick.why.startswith("hedge after ")
    assert quick.why.endswith(f" ms, as p0/{LATE} was late")
    assert late.started_at < quick.started_at
    assert (row.provider, row.outcome, row.attempt_count) == ("p1", "ok", 2)
    assert row.input_tokens is not None


def test_an_upstream_that_was_given_up_is_not_blamed(gateway: RunningGateway) -> None:
    hedged(gateway, LATE, GOOD)
    warm(gateway)
    for _ in range(5):
        gateway.ask("fast")

    health = runtime.current().health.of(f"p0/{LATE}")

    assert (health.breaker.failures_in_row, health.in_flight, health.vitals.bad) == (0, 0, 0)


def test_without_a_percentile_the_late_one_is_waited_for(gateway: RunningGateway) -> None:
    hedged(gateway, f"tires-{KNOWN}-0.5", GOOD, hedge_percentile=None)
    warm(gateway)

    reply = gateway.ask("fast")

    assert (reply.headers["x-plexus-provider"], reply.headers["x-plexus-attempts"]) == ("p0", "1")


def test_without_a_budget_the_late_one_is_waited_for(gateway: RunningGateway) -> None:
    hedged(gateway, f"tires-{KNOWN}-0.5", GOOD, hedge_budget_percent=1)
    warm(gateway)

    reply = gateway.ask("fast")

    assert (reply.headers["x-plexus-provider"], reply.headers["x-plexus-attempts"]) == ("p0", "1")


def test_the_first_one_may_still_win(gateway: RunningGateway) -> None:
    hedged(gateway, f"tires-{KNOWN}-3", "silence")
    warm(gateway)

    reply = gateway.ask("fast")

    assert reply.headers["x-plexus-provider"] == "p0"
    assert tries(gateway, reply) == [(1, "p0", "ok"), (2, "p1", "cancelled")]
    assert eventually(nothing_is_left)


def test_a_third_answers_where_both_fail(gateway: RunningGateway) -> None:
    hedged(gateway, LATE_AND_BROKEN, "status-503", GOOD)
    warm(gateway)

    reply = gateway.ask("fast")

    assert reply.status_code == 200
    assert reply.headers["x-plexus-provider"] == "p2"
    assert tries(gateway, reply) == [(1, "p0", "failed"), (2, "p1", "failed"), (3, "p2", "ok")]


def test_a_fallback_that_waits_for_a_failure_is_no_hedge_and_takes_over_after_it(gateway: RunningGateway) -> None:
    alias = hedged(gateway, LATE_AND_BROKEN)
    gateway.target(alias, gateway.model("spare", GOOD), position=1, conditions=["server_error"])
    warm(gateway)

    reply = gateway.ask("fast")

    assert reply.headers["x-plexus-provider"] == "spare"
    assert tries(gateway, reply) == [(1, "p0", "failed"), (2, "spare", "ok")]


def test_one_that_is_asked_for_a_stream_and_has_begun_is_not_late(gateway: RunningGateway) -> None:
    hedged(gateway, "gpt-4o", GOOD, stream_mode="buffered")
    warm(gateway, stream=True)

    reply = gateway.ask("fast", "word " * 50, stream=True)

    assert said(reply.text).split() == ["word"] * 50


def test_a_client_that_leaves_leaves_neither_of_the_two(gateway: RunningGateway) -> None:
    hedged(gateway, f"tires-{KNOWN}-60", "silence")
    warm(gateway)
    before, left_before = (
        asked(gateway),
        left(gateway),
    )  # on a busy machine one or the other was late and hedged already

    with connected(gateway) as connection:
        connection.sendall(chat(gateway, body_for("fast", stream=False)))
        eventually(lambda: asked(gateway) == before + 2)

    assert eventually(lambda: left(gateway) == left_before + 2)
    assert eventually(nothing_is_left)
    row = eventually(lambda: AttemptLog.objects.filter(request__outcome="cancelled", number=2).first())
    assert row.outcome == "cancelled"
    assert row.request.attempt_count == 2


def test_many_clients_that_leave_at_any_moment_leave_nothing(gateway: RunningGateway) -> None:
    hedged(gateway, f"tires-{KNOWN}-0.15", "slow-0.15")
    warm(gateway)

    leaving = [threading.Thread(target=leave, args=(gateway, 0.02 + 0.008 * place % 0.4)) for place in range(60)]
    for each in leaving:
        each.start()
    for each in leaving:
        each.join()

    assert eventually(nothing_is_left)
    assert gateway.ask("fast").status_code == 200


def leave(gateway: RunningGateway, after_seconds: float) -> None:
    """Ask, and hang up."""
    body = {"model": "fast", "messages": [{"role": "user", "content": "x"}]}
    headers = {"authorization": f"Bearer {gateway.key}"}
    with suppress(httpx.TimeoutException):
        httpx.post(
            f"{gateway.url}/v1/chat/completions", json=body, headers=headers, timeout=after_seconds, trust_env=False
        )
