"""The shortcut past ASGI, on our own server and with a small application behind it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import uvicorn

from gateway.asgi import Message, Receive, Scope, Send
from gateway.management import door
from gateway.management.door import Door
from gateway.prepared import HeaderList
from gateway.shortcut import EXTENSION, Shortcut
from tests.waiting import WAIT_SECONDS

KEPT_SECONDS = 0.2
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Asked = Callable[[bytes], Awaitable[bytes]]


@asynccontextmanager
async def served(application: Application) -> AsyncIterator[Asked]:
    """Bytes on a connection of their own -> all that came until the server closed it."""
    config = uvicorn.Config(application, http=Door, log_config=None, lifespan="off", ws="none", date_header=False)
    config.timeout_keep_alive = KEPT_SECONDS  # type: ignore[assignment]  # any number of seconds will do
    config.load()
    state = uvicorn.server.ServerState()

    def door() -> Door:
        return Door(config=config, server_state=state, app_state={})

    listening = await asyncio.get_running_loop().create_server(door, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]

    async def asked(request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        answer = await asyncio.wait_for(reader.read(), WAIT_SECONDS)
        writer.close()
        return answer

    try:
        yield asked
    finally:
        listening.close()


def a_request(body: bytes, *lines: bytes) -> bytes:
    head = (b"POST / HTTP/1.1", b"Host: here", b"Content-Length: %d" % len(body), *lines)
    return b"\r\n".join((*head, b"", body))


async def by_shortcut(scope: Scope, body: bytes, *more: tuple[bytes, bytes]) -> bool:
    pairs: HeaderList = [(b"content-length", b"%d" % len(body)), *more]
    shortcut: Shortcut = scope["extensions"][EXTENSION]
    return shortcut.answer(200, pairs, body)


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    shortcut: Shortcut = scope["extensions"][EXTENSION]
    body = shortcut.whole_body()
    while body is None:
        message: Message = await receive()
        body = message["body"]
    await by_shortcut(scope, body)


async def test_a_whole_body_is_had_and_answered_at_once() -> None:
    async with served(echo) as asked:
        answer = await asked(a_request(b"hello"))

    assert answer == b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"


async def test_an_idle_connection_is_closed_in_time() -> None:
    async with served(echo) as asked:
        began = asyncio.get_running_loop().time()
        await asked(a_request(b"hello"))
        took = asyncio.get_running_loop().time() - began

    assert KEPT_SECONDS <= took < 5


async def test_a_client_that_wants_the_connection_closed_is_told_that_it_will_be() -> None:
    async with served(echo) as asked:
        answer = await asked(a_request(b"hello", b"Connection: close"))

    assert answer == b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello"


async def test_requests_that_are_sent_together_are_answered_in_order() -> None:
    async with served(echo) as asked:
        answers = await asked(a_request(b"one") + a_request(b"two") + a_request(b"three", b"Connection: close"))

    assert [part.partition(b"\r\n\r\n")[2] for part in answers.split(b"HTTP/1.1 200 OK\r\n")[1:]] == [
        b"one",
        b"two",
        b"three",
    ]


async def test_a_body_that_is_not_all_here_is_left_to_receive() -> None:
    found: list[bytes | None] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        found.append(scope["extensions"][EXTENSION].whole_body())
        await echo(scope, receive, send)

    async with served(application) as asked:
        answer = await asked(a_request(b"hello", b"Expect: 100-continue", b"Connection: close"))

    assert found == [None]
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


async def test_whoever_has_not_sent_a_whole_body_is_answered_by_way_of_asgi(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "REST_SECONDS", WAIT_SECONDS)
    said: list[bool] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        said.append(await by_shortcut(scope, b"too late", (b"connection", b"close")))
        headers = [(b"content-length", b"8"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 408, "headers": headers})
        await send({"type": "http.response.body", "body": b"too late"})

    async with served(application) as asked:
        began = asyncio.get_running_loop().time()
        answer = await asked(a_request(b"hello")[:-1])
        took = asyncio.get_running_loop().time() - began

    assert said == [False]
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert took < WAIT_SECONDS / 2, "closed at once, without waiting for the rest of the body"


async def test_nothing_is_answered_twice() -> None:
    said: list[bool] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        said.append(await by_shortcut(scope, b"first"))
        said.append(await by_shortcut(scope, b"second"))

    async with served(application) as asked:
        answer = await asked(a_request(b"", b"Connection: close"))

    assert said == [True, False]
    assert b"second" not in answer


async def test_a_header_that_would_break_out_of_its_line_is_not_sent() -> None:
    caught: list[str] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        with pytest.raises(ValueError, match="line break") as raised:
            await by_shortcut(scope, b"", (b"x-a", b"1\r\nx-b: 2"))
        caught.append(str(raised.value))
        await by_shortcut(scope, b"")

    async with served(application) as asked:
        answer = await asked(a_request(b"", b"Connection: close"))

    assert caught
    assert b"x-b" not in answer
