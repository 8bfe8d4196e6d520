"""Streams on their way, and clients that leave."""

import json
import time

import pytest

from history.models import RequestLog
from tests.gateways import RunningGateway, eventually
from tests.journeys.raw_http import chat, connected, head, read_until

pytestmark = pytest.mark.django_db(transaction=True)
SOON_SECONDS = 1.0
"""An upstream that nobody lets go of is kept for a minute."""


def body_for(model: str, *, stream: bool) -> bytes:
    return json.dumps({"model": model, "messages": [{"role": "user", "content": "one two"}], "stream": stream}).encode()


def test_an_event_is_relayed_while_the_upstream_holds_the_rest(gateway: RunningGateway) -> None:
    gateway.alias("held", gateway.model("openai", "stall-after-2"))

    with connected(gateway) as connection:
        connection.sendall(chat(gateway, body_for("held", stream=True)))
        received = read_until(connection, b'"word1 "')

    assert b"word2" not in received
    assert received.count(b"\n\n") == received.count(b"data: "), "whole events only"


def test_a_stream_is_not_to_be_held_back_by_a_proxy(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))

    reply = gateway.ask("fast", stream=True)

    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert reply.headers["x-accel-buffering"] == "no"
    assert reply.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("model", "code"),
    [
        ("cut-after-3", "upstream_disconnected"),
        ("no-finish", "upstream_incomplete"),
    ],
)
def test_a_stream_that_breaks_ends_with_one_error_event(gateway: RunningGateway, model: str, code: str) -> None:
    gateway.alias("fast", gateway.model("openai", model))

    reply = gateway.ask("fast", stream=True)

    events = reply.text.removesuffix("\n\n").split("\n\n")
    assert reply.status_code == 200
    assert json.loads(events[-1].removeprefix("data: "))["error"]["code"] == code
    assert "[DONE]" not in reply.text
    assert reply.text.count('"error"') == 1
    row = gateway.row(reply)
    assert (row.outcome, row.status, row.error_code) == ("interrupted", 200, code)
    assert row.first_byte_ms is not None
    attempt = row.attempts.get()
    assert (attempt.outcome, attempt.status) == ("interrupted", 200)


def test_an_error_that_the_provider_reports_is_the_last_event_and_kept_in_the_history(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "error-in-stream"))

    reply = gateway.ask("fast", stream=True)

    error = json.loads(reply.text.removesuffix("\n\n").rpartition("data: ")[2])["error"]
    assert error["message"] == "The server had an error."
    assert "[DONE]" not in reply.text
    row = gateway.row(reply)
    assert (row.outcome, row.status, row.error_code) == ("interrupted", 200, "upstream_error")
    assert row.error.endswith("in its stream: server_error: The server had an error.")


def test_all_that_came_before_the_break_is_relayed(gateway: RunningGateway) -> None:
    gateway.alias("cut", gateway.model("openai", "cut-after-3"))
    gateway.alias("wrong", gateway.model("openai", "error-in-stream"))

    assert [f"word{number}" in gateway.ask("cut", stream=True).text for number in range(4)] == [True] * 3 + [False]
    assert [f"word{number}" in gateway.ask("wrong", stream=True).text for number in range(3)] == [True] * 2 + [False]


def test_a_stream_that_is_whole_but_for_its_done_gets_one(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "no-done"))

    reply = gateway.ask("fast", stream=True)

    assert reply.text.endswith("data: [DONE]\n\n")
    assert gateway.row(reply).outcome == "ok"


def test_a_connection_serves_stream_after_stream(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "chunks-20"))

    for _ in range(10):
        gateway.ask("fast", stream=True)

    assert {seen.connection for seen in gateway.upstream.seen} == {1}


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_before_the_first_byte_takes_the_upstream_with_it(
    gateway: RunningGateway, stream: bool
) -> None:
    gateway.alias("fast", gateway.model("openai", "silence"))

    with connected(gateway) as connection:
        connection.sendall(chat(gateway, body_for("fast", stream=stream)))
        wait_until_asked(gateway)
    left = time.monotonic()

    assert gateway.upstream.wait_until_left() - left < SOON_SECONDS
    row = only_row()
    assert (row.outcome, row.status, row.error_code) == ("cancelled", 499, "client_closed")
    assert (row.provider, row.model, row.attempt_count) == ("openai", "silence", 1)
    assert row.attempts.get().outcome == "cancelled"


def test_a_client_that_leaves_in_the_middle_of_a_stream_takes_the_upstream_with_it(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "stall-after-3"))

    with connected(gateway) as connection:
        connection.sendall(chat(gateway, body_for("fast", stream=True)))
        read_until(connection, b"word2")
    left = time.monotonic()

    assert gateway.upstream.wait_until_left() - left < SOON_SECONDS
    row = only_row()
    assert (row.outcome, row.status, row.streamed) == ("cancelled", 499, True)
    assert row.first_byte_ms is not None
    assert row.answer_bytes > 0


def test_a_client_that_leaves_before_its_body_is_whole_is_recorded_and_asks_nobody(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))

    with connected(gateway) as connection:
        connection.sendall(head(gateway, "Content-Length: 1000", "Expect: 100-continue") + b"{")
        assert connection.recv(100).startswith(b"HTTP/1.1 100")

    row = only_row()
    assert (row.outcome, row.status, row.key_name) == ("cancelled", 499, "a test")
    assert gateway.upstream.seen == []


def test_a_request_without_a_key_is_refused_before_its_body_is_asked_for(gateway: RunningGateway) -> None:
    with connected(gateway) as connection:
        request = head(gateway, "Content-Length: 1000", "Expect: 100-continue").replace(b"Bearer ", b"Bearer x")
        connection.sendall(request)

        assert connection.recv(100).startswith(b"HTTP/1.1 401")


def wait_until_asked(gateway: RunningGateway) -> None:
    eventually(lambda: gateway.upstream.seen)


def only_row() -> RequestLog:
    """The history of the one request that was made, once it has been written."""
    eventually(RequestLog.objects.exists)
    return RequestLog.objects.get()
