"""The two doors, and the gateway's own handler without a server."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from gateway.asgi import GatewayRequest, Message, application
from gateway.errors import BodyTimeout, BodyTooLarge
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


async def test_a_body_is_put_together_from_its_pieces() -> None:
    request = a_request(body(b"ab", more=True), body(b"", more=True), body(b"cd"))

    assert await request.read() == b"abcd"
    request.stop_watching()


async def test_a_body_that_is_too_large_is_refused_before_it_is_whole(settings: Any) -> None:  # Any: pytest-django's
    settings.PLEXUS_MAX_REQUEST_BYTES = 10

    with pytest.raises(BodyTooLarge):
        await a_request(body(b"12345678", more=True), body(b"90ab", more=True)).read()
    with pytest.raises(BodyTooLarge):
        await a_request(content_length="11").read()


async def test_a_body_that_does_not_come_is_given_up(settings: Any) -> None:  # Any: pytest-django's
    settings.PLEXUS_BODY_TIMEOUT_SECONDS = 0.05

    with pytest.raises(BodyTimeout):
        await a_request(body(b"{", more=True)).read()


async def test_a_client_that_hangs_up_before_its_body_is_whole_cancels_the_work() -> None:
    request = a_request(body(b"{", more=True), {"type": "http.disconnect"})

    with pytest.raises(asyncio.CancelledError):
        await request.read()
    assert request.client_is_gone


async def test_a_client_that_hangs_up_later_cancels_the_work_too() -> None:
    request = a_request(body(b"{}"), {"type": "http.disconnect"})

    async def work() -> None:
        await request.read()
        await asyncio.sleep(5)

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(work())
    assert request.client_is_gone


def test_a_header_has_all_its_values_in_order() -> None:
    request = a_request()
    request.scope["headers"] = [(b"x-a", b"1"), (b"x-b", b"2"), (b"x-a", b"\xe9")]

    assert request.values_of(b"x-a") == ["1", "é"]
    assert request.values_of(b"x-c") == []


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
