"""Upstreams at their worst, over real sockets. Each failure by itself is in test_failing_upstreams.py, and how another
upstream takes over in test_failover.py; here is the rest of what an upstream can do to us:

not there for a moment      a handshake that hangs, a reset on a new connection, connections that go stale again and again
asking for patience         503 and 429 with and without a wait, to everybody
blaming the request         hundreds of requests that it finds bad, in the middle of good ones
too much                    a flood, a compressed bomb, headers that must not pass, pages
going silent or breaking    in the middle of a stream, by a reset, while the client leaves
"""

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from gateway import runtime
from tests.faulty_answers.extremes import MUST_NOT_PASS
from tests.gateways import RunningGateway
from tests.journeys.failing import GOOD, asked, said
from tests.journeys.test_streams import SOON_SECONDS, wait_until_asked

pytestmark = pytest.mark.django_db(transaction=True)

PAGE_BYTES = 4096
MOST_GROWTH_BYTES = 24 * 1024 * 1024
"""Of this process, in which client, gateway and upstream are together."""


# Not there for a moment


@contextmanager
def a_host_that_does_not_answer() -> Iterator[str]:
    """Linux drops the handshakes of a listener whose queue is full. Its URL."""
    with socket.socket() as full, socket.socket() as one, socket.socket() as another:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for client in (one, another):
            client.setblocking(False)
            client.connect_ex(full.getsockname())
        yield f"http://127.0.0.1:{full.getsockname()[1]}/v1"


def test_a_handshake_that_hangs_is_given_up_and_another_upstream_answers(gateway: RunningGateway) -> None:
    with a_host_that_does_not_answer() as url:
        hanging = gateway.provider("hanging", url=url, connect_timeout_seconds=0.5)
        gateway.alias("fast", gateway.model(hanging, "a"), gateway.model("good", GOOD), selector="in_order")
        gateway.alias("alone", gateway.model(hanging, "b"))

        served, failed = gateway.ask("fast"), gateway.ask("alone")

    assert (served.status_code, served.headers["x-plexus-provider"]) == (200, "good")
    assert gateway.row(served).attempts.get(number=1).condition == "timeout"
    assert (failed.status_code, failed.json()["error"]["code"]) == (504, "upstream_connect_timeout")


def test_a_reset_on_a_new_connection_costs_a_lone_upstream_one_more_try(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("hasty", "first-1-hang-up"))

    reply = gateway.ask("fast")

    assert (reply.status_code, reply.headers["x-plexus-attempts"]) == (200, "2")
    outcomes = [(one.outcome, one.condition) for one in gateway.row(reply).attempts.all()]
    assert outcomes == [("failed", "connection"), ("ok", "")]


def test_connections_that_go_stale_each_time_are_never_noticed(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("stale", "stale"))

    replies = [gateway.ask("fast") for _ in range(200)]

    assert Counter((reply.status_code, reply.headers["x-plexus-attempts"]) for reply in replies) == {(200, "1"): 200}
    assert runtime.current().health.of("stale/stale").vitals.bad == 0


# Asking for patience


def test_one_that_is_overloaded_and_names_a_wait_is_left_alone_for_it_and_not_blamed(gateway: RunningGateway) -> None:
    busy = gateway.model("busy", "status-503-retry-after-20")
    gateway.alias("fast", busy, gateway.model("good", GOOD), selector="in_order")

    replies = [gateway.ask("fast") for _ in range(4)]

    assert {reply.status_code for reply in replies} == {200}
    assert asked(gateway) == {"status-503-retry-after-20": 1, GOOD: 4}
    assert "busy/status-503-retry-after-20: overloaded" in gateway.row(replies[-1]).left_out
    assert runtime.current().health.of("busy/status-503-retry-after-20").breaker.failures_in_row == 0


def test_a_rate_limit_without_a_wait_of_everybody_is_told_with_one(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("one", "status-429"), gateway.model("two", "status-429"), selector="in_order")

    first, second = gateway.ask("fast"), gateway.ask("fast")

    assert [first.headers["x-plexus-attempts"], second.headers["x-plexus-attempts"]] == ["2", "0"]
    assert (first.status_code, second.status_code) == (429, 429)
    assert 5 <= int(first.headers["retry-after"]) <= 8
    assert 4 <= int(second.headers["retry-after"]) <= 8
    assert len(gateway.upstream.seen) == 2


# Blaming the request


def test_a_crowd_of_bad_requests_takes_nothing_from_those_with_good_ones(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("one", "picky"), gateway.model("two", "picky"))
    words = ["bad", "bad", "bad", "good"] * 100

    with ThreadPoolExecutor(10) as pool:
        replies = list(pool.map(lambda word: (word, gateway.ask("fast", word)), words))

    assert Counter((word, reply.status_code) for word, reply in replies) == {("bad", 400): 300, ("good", 200): 100}
    assert {reply.headers["x-plexus-attempts"] for _, reply in replies} == {"1"}
    assert {health.breaker.number for health in runtime.current().health} == {0}


# Too much


def memory_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES


def most_memory_during(work: Callable[[], object]) -> int:
    """By how much the process grew at most, looked at every few milliseconds."""
    before, most, is_over = memory_bytes(), 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not is_over.wait(0.005):
            most = max(most, memory_bytes() - before)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        work()
    finally:
        is_over.set()
        watching.join()
    return most


def test_a_flood_passes_through_and_is_not_held(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("flooding", "flood-200"))
    gateway.alias("small", gateway.model("flooding", "flood-1"))
    gateway.ask("small", stream=True)  # whatever is made once is made
    received = 0

    def take() -> None:
        nonlocal received
        body = {"model": "fast", "messages": [{"role": "user", "content": "x"}], "stream": True}
        headers = {"authorization": f"Bearer {gateway.key}"}
        with gateway.client.stream("POST", "/v1/chat/completions", json=body, headers=headers) as reply:
            for piece in reply.iter_raw():
                received += len(piece)

    grew = most_memory_during(take)

    assert received > 200 * 1024 * 1024
    assert grew < MOST_GROWTH_BYTES


@pytest.mark.parametrize("stream", [False, True])
def test_a_compressed_bomb_is_not_unpacked(gateway: RunningGateway, stream: bool) -> None:
    gateway.alias("fast", gateway.model("bombing", "bomb"))
    gateway.ask("fast", stream=stream)  # the upstream packs it once

    replies: list[httpx.Response] = []
    grew = most_memory_during(lambda: replies.append(gateway.ask("fast", stream=stream)))

    assert replies[0].json()["error"]["code"] == "upstream_protocol_error"
    assert grew < MOST_GROWTH_BYTES


@pytest.mark.parametrize("stream", [False, True])
def test_no_header_of_an_upstream_passes_but_its_content_type(gateway: RunningGateway, stream: bool) -> None:
    gateway.alias("fast", gateway.model("odd", "odd-head"))

    reply = gateway.ask("fast", stream=stream)

    assert reply.status_code == 200
    names = {name.lower() for name, _ in MUST_NOT_PASS} - {"x-request-id", "server"}
    assert names.isdisjoint(reply.headers)
    assert "upstream" not in str(reply.headers.multi_items()).replace("x-accel", "")


@pytest.mark.parametrize("status", [200, 400, 403, 404, 429, 500, 502])
def test_a_page_for_browsers_reaches_no_client_and_no_history(gateway: RunningGateway, status: int) -> None:
    gateway.model("paging", f"page-{status}")

    reply = gateway.ask(f"paging/page-{status}")

    assert reply.headers["content-type"] == "application/json"
    assert "<" not in reply.text
    row = gateway.row(reply)
    assert "<" not in row.error
    assert not any("<" in one.error for one in row.attempts.all())


# Going silent or breaking


def test_one_that_says_nothing_is_not_asked_again_by_the_same_request(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model(gateway.provider("slow", first_byte_timeout_seconds=0.3), "silence"))

    reply = gateway.ask("fast", stream=True)

    assert (reply.status_code, reply.headers["x-plexus-attempts"]) == (504, "1")
    assert len(gateway.upstream.seen) == 1


def test_one_that_stalls_in_the_middle_of_a_stream_is_let_go_of(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model(gateway.provider("slow", idle_timeout_seconds=0.3), "stall-after-2"))

    reply = gateway.ask("fast", stream=True)

    assert json.loads(reply.text.split("\n\n")[-2].removeprefix("data: "))["error"]["code"] == "upstream_idle_timeout"
    gateway.upstream.wait_until_left()


def test_a_reset_in_the_middle_of_a_stream_is_told_and_never_its_end(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("resetting", "reset-after-3"))

    reply = gateway.ask("fast", stream=True)

    assert said("\n\n".join(reply.text.split("\n\n")[:-2])) == "word0 word1 word2 "
    assert '"code":"upstream_disconnected"' in reply.text.split("\n\n")[-2]
    assert "[DONE]" not in reply.text


def test_nobody_gets_the_answer_of_another_request_while_clients_leave(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("echoing", "slow-0.02"))

    def ask(number: int) -> str | None:
        """The answer, or None of one that left before it."""
        patience_seconds = 0.01 if number % 3 == 0 else 60
        body = {"model": "fast", "messages": [{"role": "user", "content": f"canary {number}"}]}
        try:
            reply = gateway.post("/v1/chat/completions", json=body, timeout=patience_seconds)
        except httpx.TimeoutException:
            return None
        answer: str = reply.json()["choices"][0]["message"]["content"]
        return answer

    with ThreadPoolExecutor(20) as pool:
        answers = dict(enumerate(pool.map(ask, range(600))))

    stayed = {number: answer for number, answer in answers.items() if answer is not None}
    assert len(stayed) >= 400
    assert len(stayed) < 600, "nobody left"
    assert stayed == {number: f"canary {number}" for number in stayed}


def test_a_client_that_resets_its_connection_takes_the_upstream_with_it(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("held", "stall-after-1"))
    body = {"model": "fast", "messages": [{"role": "user", "content": "x"}], "stream": True}
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {gateway.key}\r\n"
    text = json.dumps(body)

    with socket.create_connection((gateway.client.base_url.host, gateway.client.base_url.port or 0)) as connection:
        connection.sendall(
            f"{head}Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode()
        )
        wait_until_asked(gateway)
        connection.recv(65536)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    left = time.monotonic()

    assert gateway.upstream.wait_until_left() - left < SOON_SECONDS
    assert runtime.current().health.of("held/stall-after-1").vitals.bad == 0
