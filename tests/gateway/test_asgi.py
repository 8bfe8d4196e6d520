"""The two doors, and the gateway's own handler without a server."""

import asyncio
import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from gateway.asgi import GatewayRequest, Message, application, intake_of_settings
from gateway.errors import BodyTimeout, BodyTooLarge
from gateway.in_flight import IN_FLIGHT, Intake
from gateway.newcomers import LOOK_SECONDS, Newcomers
from plexus_site.asgi import is_for_the_gateway


def a_scope(path: str = "/v1/chat/completions", method: str = "POST", **headers: str) -> dict[str, Any]:  # Any: ASGI's
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "path": path, "method": method, "headers": pairs, "query_string": b"", "client": None}


class Client:
    """A client that sends these messages, then nothing more."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self.messages = list(messages)

    async def receive(self) -> Message:
        if not self.messages:
            await asyncio.Event().wait()
        return self.messages.pop(0)


def body(data: bytes, *, more: bool = False) -> Message:
    return {"type": "http.request", "body": data, "more_body": more}


def a_request(*messages: Message, **headers: str) -> GatewayRequest:
    return GatewayRequest(a_scope(**headers), Client(messages).receive)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/v1/chat/completions", True),
        ("GET", "/v1", True),
        ("GET", "/v1/anything", True),
        ("GET", "//v1/models", True),
        ("POST", "/chat/completions", True),
        ("POST", "/completions", True),
        ("POST", "/embeddings/", True),
        ("GET", "/models/openai/gpt-4o", True),
        ("GET", "/livez", True),
        ("GET", "/readyz", True),
        ("GET", "/metrics", True),
        ("HEAD", "/", True),
        ("GET", "/", False),
        ("GET", "/admin/", False),
        ("GET", "/admin/v1/", False),
        ("GET", "/v1x", False),
        ("GET", "/livez/x", False),
        ("OPTIONS", "*", False),
        ("GET", "", False),
        ("GET", "/static/x.css", False),
    ],
)
def test_the_path_alone_decides_which_door_a_request_takes(method: str, path: str, expected: bool) -> None:
    assert is_for_the_gateway(a_scope(path, method)) is expected


@pytest.fixture
def intake(monkeypatch: pytest.MonkeyPatch) -> Callable[[Intake], None]:
    """Say what the process takes in, for this test."""
    return lambda intake: monkeypatch.setattr(IN_FLIGHT, "intake", intake)


async def read(request: GatewayRequest) -> bytes:
    try:
        return await request.read(Newcomers(asyncio.get_running_loop()))
    finally:
        request.leave()


async def test_a_body_is_put_together_from_its_pieces() -> None:
    request = a_request(body(b"ab", more=True), body(b"", more=True), body(b"cd"))

    assert await read(request) == b"abcd"


async def test_a_body_that_is_too_large_is_refused_before_it_is_whole(intake: Callable[[Intake], None]) -> None:
    intake(Intake(request_bytes=10))

    with pytest.raises(BodyTooLarge):
        await read(a_request(body(b"12345678", more=True), body(b"90ab", more=True)))
    with pytest.raises(BodyTooLarge):
        await read(a_request(content_length="11"))


async def test_a_body_that_does_not_come_is_given_up(intake: Callable[[Intake], None]) -> None:
    intake(Intake(body_seconds=0.05))

    with pytest.raises(BodyTimeout):
        await read(a_request(body(b"{", more=True)))

    assert IN_FLIGHT.body_bytes == 0
    assert len(IN_FLIGHT) == 0


async def test_a_body_that_comes_late_but_in_time_is_read() -> None:
    async def slowly() -> Message:
        await asyncio.sleep(3 * LOOK_SECONDS)
        return body(b"{}")

    assert await read(GatewayRequest(a_scope(), slowly)) == b"{}"


async def test_a_client_that_hangs_up_before_its_body_is_whole_cancels_the_work() -> None:
    request = a_request(body(b"{", more=True), {"type": "http.disconnect"})

    with pytest.raises(asyncio.CancelledError):
        await read(request)
    assert request.client_is_gone


async def work_on(request: GatewayRequest) -> None:
    """For longer than the client stays."""
    try:
        await request.read(Newcomers(asyncio.get_running_loop()))
        await asyncio.sleep(90)
    finally:
        request.leave()


async def test_a_client_that_hangs_up_later_cancels_the_work_too() -> None:
    request = a_request(body(b"{}"), {"type": "http.disconnect"})

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(work_on(request))
    assert request.client_is_gone


async def test_a_client_that_hangs_up_after_a_late_body_cancels_the_work_too() -> None:
    messages = [{"type": "http.disconnect"}, body(b"{}")]

    async def slowly() -> Message:
        await asyncio.sleep(3 * LOOK_SECONDS)
        return messages.pop()

    request = GatewayRequest(a_scope(), slowly)

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(work_on(request))
    assert request.client_is_gone


async def test_a_short_request_makes_no_second_task() -> None:
    before, request = asyncio.all_tasks(), a_request(body(b"{}"))

    await request.read(Newcomers(asyncio.get_running_loop()))
    during = asyncio.all_tasks()
    request.leave()

    assert during == before


def test_a_process_takes_in_what_its_settings_say(settings: Any) -> None:  # Any: pytest-django's
    settings.PLEXUS_MAX_IN_FLIGHT, settings.PLEXUS_MAX_REQUEST_BYTES = 1, 2
    settings.PLEXUS_MAX_BODIES_BYTES, settings.PLEXUS_BODY_TIMEOUT_SECONDS = 3, 4.5
    settings.PLEXUS_SHED_LAG_MS = 600

    assert intake_of_settings() == Intake(
        exchanges=1, request_bytes=2, bodies_bytes=3, body_seconds=4.5, lag_seconds=0.6
    )


def test_a_lag_of_0_means_that_none_is_too_much(settings: Any) -> None:  # Any: as above
    settings.PLEXUS_SHED_LAG_MS = 0

    assert intake_of_settings().lag_seconds == math.inf


def test_a_header_has_all_its_values_in_order() -> None:
    scope = a_scope() | {"headers": [(b"x-a", b"1"), (b"x-b", b"2"), (b"x-a", b"\xe9")]}
    request = GatewayRequest(scope, Client([]).receive)

    assert request.values_of(b"x-a") == ["1", "é"]
    assert request.values_of(b"x-b") == ["2"]
    assert request.values_of(b"x-c") == []
    assert request.pairs_of((b"x-b", b"x-a", b"x-c")) == scope["headers"]


def test_headers_that_come_once_each_are_found_by_name() -> None:
    request = a_request(x_a="1", x_b="2")

    assert request.values_of(b"x-a") == ["1"]
    assert request.values_of(b"x-c") == []
    assert request.pairs_of((b"x-b", b"x-c")) == [(b"x-b", b"2")]


async def test_a_websocket_is_closed() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await application({"type": "websocket", "path": "/v1/chat/completions"}, Client([]).receive, send)

    assert sent == [{"type": "websocket.close", "code": 1000}]


async def test_before_the_start_a_request_is_told_to_come_back() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = a_scope("/v1/models", "GET", authorization="Bearer sk-plx-x")
    await application(scope, Client([body(b"")]).receive, send)

    assert sent[0]["status"] == 503
    assert b'"code":"not_ready"' in sent[1]["body"]
