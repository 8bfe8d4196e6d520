"""Limits before there is a request: what is too large, too late or too much is told so, and costs little."""

import json
import socket
import time
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from gateway.in_flight import IN_FLIGHT
from gateway.management.serving import limit_stalls
from tests.gateways import RunningGateway, eventually
from tests.journeys.raw_http import RawReply, asked_raw, chat, connected, head, read_until, reply_on
from tests.journeys.said import GOOD
from tests.journeys.test_streams import body_for, only_row

pytestmark = pytest.mark.django_db(transaction=True)
USUAL_HEADER_SECONDS = 15.0
"""After so long a head would be given up, had no test said otherwise."""


def refused(gateway: RunningGateway, *pieces: bytes, pause_seconds: float = 0.0) -> tuple[RawReply | None, float]:
    """The answer to these bytes, and after how many seconds the connection was closed."""
    with connected(gateway) as connection:
        began = time.monotonic()
        try:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause_seconds)
        except (ConnectionResetError, BrokenPipeError):
            pass
        reply = reply_on(connection)
        until_closed(connection)
        return reply, time.monotonic() - began


def until_closed(connection: socket.socket) -> None:
    try:
        while connection.recv(65536):
            pass
    except ConnectionResetError:
        pass


@pytest.mark.parametrize(
    ("lines", "status", "code"),
    [
        pytest.param([b"X-Large: " + b"x" * 70_000], 431, "headers_too_large", id="one large header"),
        pytest.param([b"X-Large: " + b"x" * 20_000_000], 431, "headers_too_large", id="one header of 20 MB"),
        pytest.param([b"X-%d: x" % number for number in range(101)], 431, "headers_too_large", id="too many"),
        pytest.param([b"X-%d: x" % number for number in range(20_000)], 431, "headers_too_large", id="far too many"),
        pytest.param([b"X-%d: " % number + b"x" * 7000 for number in range(10)], 431, "headers_too_large", id="all"),
        pytest.param([b"No colon"], 400, "malformed_http", id="no header at all"),
    ],
)
def test_a_head_that_is_too_large_is_refused_in_the_apis_own_shape(
    gateway: RunningGateway, lines: list[bytes], status: int, code: str
) -> None:
    reply, _ = refused(gateway, head(gateway, *lines, b"Content-Length: 0"))

    assert reply is not None
    assert (reply.status, reply.error["code"], reply.headers["connection"]) == (status, code, "close")


@pytest.mark.parametrize("size", [9000, 70_000, 300_000])
def test_a_url_that_is_too_long_is_refused(gateway: RunningGateway, size: int) -> None:
    reply, _ = refused(gateway, head(gateway, request_line=f"GET /v1/models?{'x' * size} HTTP/1.1"))

    assert reply is not None
    assert (reply.status, reply.error["code"]) == (414, "url_too_long")


def test_a_head_as_large_as_allowed_passes(fast: RunningGateway) -> None:
    lines = [b"X-%d: " % number + b"x" * 6000 for number in range(10)]

    reply = asked_raw(fast, head(fast, *lines, f"Content-Length: {len(GOOD)}") + GOOD)

    assert reply is not None
    assert reply.status == 200


def test_a_large_body_in_small_chunks_is_no_large_head(fast: RunningGateway) -> None:
    body = GOOD[:-1] + b" " * 50_000 + b"}"
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"

    reply = asked_raw(fast, head(fast, "Transfer-Encoding: chunked") + chunks)

    assert reply is not None
    assert reply.status == 200


def test_a_small_head_behind_a_large_body_is_no_large_head(fast: RunningGateway) -> None:
    large = chat(fast, GOOD[:-1] + b" " * 200_000 + b"}")

    with connected(fast) as connection:
        connection.sendall(large + chat(fast, GOOD))
        received = read_until(connection, b'"usage"', times=2)

    assert received.count(b"HTTP/1.1 200") == 2


@pytest.mark.parametrize("what", [b"5;" + b"x" * 1_000_000, b"0\r\nX-Trailer: " + b"x" * 1_000_000])
def test_what_a_chunked_body_says_beside_its_bytes_is_limited_too(fast: RunningGateway, what: bytes) -> None:
    reply, _ = refused(fast, head(fast, "Transfer-Encoding: chunked") + what)

    assert reply is None or reply.status in (400, 431)
    assert fast.upstream.seen == []
    assert fast.ask("fast").status_code == 200


def test_a_head_that_trickles_in_is_given_up(gateway: RunningGateway, settings: Settings) -> None:
    settings.PLEXUS_HEADER_TIMEOUT_SECONDS = 0.5

    reply, seconds = refused(gateway, b"POST /v1", *[b"x"] * 3, pause_seconds=0.1)

    assert reply is not None
    assert (reply.status, reply.error["code"]) == (408, "request_timeout")
    assert 0.4 < seconds < USUAL_HEADER_SECONDS


@pytest.mark.parametrize("first", [b"", b"\r\n"])
def test_a_connection_that_says_nothing_is_closed(gateway: RunningGateway, settings: Settings, first: bytes) -> None:
    settings.PLEXUS_HEADER_TIMEOUT_SECONDS = 0.3

    _, seconds = refused(gateway, first)

    assert seconds < USUAL_HEADER_SECONDS


def test_the_head_of_a_second_request_has_a_deadline_too(fast: RunningGateway, settings: Settings) -> None:
    settings.PLEXUS_HEADER_TIMEOUT_SECONDS = 1.5  # of the first head too, which must not be late

    with connected(fast) as connection:
        connection.sendall(chat(fast, GOOD))
        first = reply_on(connection)
        time.sleep(1.7)  # idle: that is no head that is late
        connection.sendall(b"POST /v1")
        second = reply_on(connection)

    assert first is not None
    assert second is not None
    assert (first.status, second.status) == (200, 408)


def test_a_head_that_is_late_behind_a_running_stream_does_not_cut_it(
    gateway: RunningGateway, settings: Settings
) -> None:
    settings.PLEXUS_HEADER_TIMEOUT_SECONDS = 1.0
    gateway.alias("held", gateway.model("openai", "stall-after-1"))

    with connected(gateway) as connection:
        connection.sendall(chat(gateway, body_for("held", stream=True)) + b"POST /v1")
        read_until(connection, b"word0")
        connection.settimeout(1.5)

        with pytest.raises(TimeoutError):
            connection.recv(65536)


def test_the_rest_of_a_body_that_was_answered_already_does_not_come_for_ever(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.management.door.REST_SECONDS", 0.5)

    with connected(gateway) as connection:
        connection.sendall(head(gateway, "Content-Length: 100000000"))
        reply = reply_on(connection)
        began = time.monotonic()
        try:
            while time.monotonic() < began + 60:
                connection.sendall(b"x")
                time.sleep(0.05)
        except (ConnectionResetError, BrokenPipeError):
            pass

    assert reply is not None
    assert reply.status == 413
    assert time.monotonic() - began < 2


def test_a_connection_whose_refused_body_has_come_whole_serves_on(fast: RunningGateway) -> None:
    wrong = head(fast, "Content-Length: 100000").replace(b"Bearer ", b"Bearer x")

    with connected(fast) as connection:
        connection.sendall(wrong)
        first = reply_on(connection)
        connection.sendall(b"x" * 100_000 + chat(fast, GOOD))
        second = reply_on(connection)

    assert first is not None
    assert second is not None
    assert (first.status, second.status) == (401, 200)


# As many as the process can hold


@pytest.fixture
def one_at_a_time(settings: Settings) -> None:
    """Asked for before the gateway, which reads it at its start; so is the next."""
    settings.PLEXUS_MAX_IN_FLIGHT = 1


@pytest.fixture
def little_memory(settings: Settings) -> None:
    settings.PLEXUS_MAX_BODIES_BYTES = 100_000


@pytest.fixture
def held(gateway: RunningGateway) -> Iterator[socket.socket]:
    """One stream that is open."""
    gateway.alias("held", gateway.model("openai", "stall-after-1"))
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))
    with connected(gateway) as connection:
        connection.sendall(chat(gateway, body_for("held", stream=True)))
        eventually(lambda: len(IN_FLIGHT) == 1)
        yield connection


def test_one_request_too_many_is_sent_away_at_once_and_recorded(
    one_at_a_time: None, gateway: RunningGateway, held: socket.socket
) -> None:
    reply = gateway.ask("fast")

    assert len(IN_FLIGHT) == 1, "it did not wait for the other one to end"
    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "overloaded")
    assert reply.headers["retry-after"] in ("1", "2", "3")
    assert reply.headers["x-should-retry"] == "true"
    row = gateway.row(reply)
    assert (row.outcome, row.status, row.error_code) == ("refused", 503, "overloaded")
    assert gateway.get("/livez", key="").status_code == 200
    assert gateway.get("/readyz", key="").status_code == 200


def test_a_place_is_free_again_when_its_stream_ends(
    one_at_a_time: None, gateway: RunningGateway, held: socket.socket
) -> None:
    held.close()

    eventually(lambda: len(IN_FLIGHT) == 0)
    assert gateway.ask("fast").status_code == 200
    eventually(lambda: len(IN_FLIGHT) == 0)


def test_bodies_share_a_budget_of_memory(little_memory: None, fast: RunningGateway) -> None:
    body = GOOD[:-1] + b" " * 60_000 + b"}"
    announced = head(fast, f"Content-Length: {len(body)}")

    with connected(fast) as connection:
        connection.sendall(announced + body[:-1])
        eventually(lambda: IN_FLIGHT.body_bytes >= 60_000)
        refused_one = asked_raw(fast, announced + body)
        small = asked_raw(fast, chat(fast, GOOD))
        connection.sendall(body[-1:])
        first = reply_on(connection)

    assert refused_one is not None
    assert small is not None
    assert first is not None
    assert (refused_one.status, refused_one.error["code"]) == (503, "overloaded")
    assert (small.status, first.status) == (200, 200)
    assert eventually(lambda: IN_FLIGHT.body_bytes == 0)


def test_a_stream_holds_no_body(gateway: RunningGateway, held: socket.socket) -> None:
    eventually(lambda: IN_FLIGHT.body_bytes == 0)

    assert len(IN_FLIGHT) == 1


# A client that takes nothing


@pytest.fixture
def impatient(settings: Settings) -> None:
    """Asked for before the gateway, which reads it when it begins to listen."""
    settings.PLEXUS_CLIENT_STALL_SECONDS = 2


def test_a_client_that_never_reads_pauses_its_upstream_and_is_let_go_of(
    impatient: None, gateway: RunningGateway
) -> None:
    gateway.alias("flood", gateway.model("openai", "chunks-2000000"))

    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect((gateway.client.base_url.host, gateway.client.base_url.port or 0))
        connection.sendall(chat(gateway, body_for("flood", stream=True)))
        eventually(lambda: len(IN_FLIGHT) == 1)
        began = time.monotonic()
        eventually(lambda: len(IN_FLIGHT) == 0)
        seconds = time.monotonic() - began

    assert 1 < seconds < 8
    row = only_row()
    assert row.outcome == "cancelled"
    assert row.answer_bytes < 20_000_000, "the upstream was paused"


def test_the_limit_on_stalls_is_inherited_from_the_listening_socket(settings: Settings) -> None:
    settings.PLEXUS_CLIENT_STALL_SECONDS = 1.5

    with socket.create_server(("127.0.0.1", 0)) as listening:
        limit_stalls(listening)
        with socket.create_connection(listening.getsockname()):
            accepted, _ = listening.accept()
            milliseconds = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
            accepted.close()

    assert milliseconds == 1500


def test_an_admins_body_without_an_end_is_refused_without_being_kept(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.management.door.REST_SECONDS", 0.5)
    lines = ["Content-Type: application/octet-stream", "Transfer-Encoding: chunked"]
    request = head(gateway, *lines, request_line="POST /admin/login/ HTTP/1.1")

    reply, _ = refused(gateway, request, *[b"100000\r\n" + b"x" * 0x100000 + b"\r\n"] * 25)

    assert reply is not None
    assert reply.status == 413
    assert json.loads(reply.body)["error"]["code"] == "request_too_large"


@pytest.mark.parametrize("path", ["/nowhere/", "/admin/login/", "/static/x.css"])
def test_a_body_for_the_pages_that_announces_too_much_is_refused_unread(gateway: RunningGateway, path: str) -> None:
    request = head(gateway, "Content-Length: 30000000", request_line=f"POST {path} HTTP/1.1")

    reply = asked_raw(gateway, request)

    assert reply is not None
    assert (reply.status, reply.error["code"]) == (413, "request_too_large")
