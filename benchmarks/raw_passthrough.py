"""The least that a Python gateway on Plexus's own client could cost: uvicorn, the client, and nothing between them.

    python -m benchmarks.raw_passthrough PORT UPSTREAM_URL

No Django, no keys, no names, no parsing, no history: a POST goes to the upstream as it came, with a credential, and the
answer comes back as it is. It does notice when the reader of a stream goes away, since else streams would never end.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn

from gateway.management.memory import settle
from providers.addresses import AllowedNetworks
from providers.client import UpstreamTransport, ready_headers, upstream_request
from providers.timeouts import Timeouts

Message = MutableMapping[str, Any]  # Any: ASGI's own shapes
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

TIMEOUTS = Timeouts(connect_seconds=3, first_byte_seconds=60, idle_seconds=60, total_seconds=3600)
HEADERS = ready_headers([(b"content-type", b"application/json"), (b"authorization", b"Bearer sk-benchmark")])


class RawPassThrough:
    """An ASGI application that hands every request to one URL."""

    def __init__(self, upstream_url: str) -> None:
        self.upstream_url = upstream_url
        self.transport: UpstreamTransport | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.live(receive, send)
        else:
            await self.serve(receive, send)

    async def live(self, receive: Receive, send: Send) -> None:
        await receive()
        self.transport = UpstreamTransport(allowed=AllowedNetworks.parse("127.0.0.0/8"))
        settle()  # as Plexus does when it has started
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.transport.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    async def serve(self, receive: Receive, send: Send) -> None:
        assert self.transport is not None
        body = await whole_body(receive)
        request = upstream_request(self.upstream_url, HEADERS, [], body, TIMEOUTS)
        response = await self.transport.handle_async_request(request)
        try:
            content_type = response.header("content-type")
            head = [(b"content-type", content_type.encode())]
            if length := response.header("content-length"):
                head.append((b"content-length", length.encode()))
            await send({"type": "http.response.start", "status": response.status_code, "headers": head})
            if content_type == "text/event-stream":
                await relay_stream(response.stream, receive, send)
            else:
                await send({"type": "http.response.body", "body": b"".join([piece async for piece in response.stream])})
        finally:
            await response.aclose()


async def whole_body(receive: Receive) -> bytes:
    """The request's body, all of it."""
    pieces = []
    while True:
        message = await receive()
        pieces.append(message.get("body", b""))
        if not message.get("more_body"):
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)


async def relay_stream(pieces: Any, receive: Receive, send: Send) -> None:
    """Every piece as it comes, until the stream ends or its reader has gone."""
    work = asyncio.current_task()
    assert work is not None
    watcher = asyncio.create_task(cancel_when_gone(work, receive))
    try:
        async for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    except asyncio.CancelledError:
        return
    finally:
        watcher.cancel()


async def cancel_when_gone(work: asyncio.Task[Any], receive: Receive) -> None:
    """Sending to a reader who has gone never fails; only receiving tells."""
    while (await receive())["type"] != "http.disconnect":
        pass
    work.cancel()


def main() -> None:
    """Serve with uvicorn as Plexus sets it up."""
    port, upstream_url = sys.argv[1:]
    uvicorn.run(
        RawPassThrough(upstream_url),
        host="127.0.0.1",
        port=int(port),
        http="httptools",
        loop="uvloop",
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        backlog=2048,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    main()
