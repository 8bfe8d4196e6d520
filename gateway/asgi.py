"""The gateway's own door: from an ASGI connection to a view and back.

Django's handler opens a thread-sensitive context for each request and runs synchronous receivers and middleware: a thread
for every open stream. This one does only what the gateway's paths need, with Django's resolver and honest views behind it:
no middleware, no signals, a body that is read when a view asks for it, and one watcher per request that cancels the work
when the client goes away. docs/architecture.md says what that was measured to save.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cached_property, lru_cache
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import ResolverMatch, get_resolver
from django.urls.exceptions import Resolver404

from gateway import runtime
from gateway.errors import BodyTimeout, BodyTooLarge
from gateway.in_flight import IN_FLIGHT
from gateway.views.base import Stream, nothing_here

Message = MutableMapping[str, Any]  # Any: ASGI's own shapes, here and below
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

logger = logging.getLogger(__name__)


class GatewayRequest(HttpRequest):
    """A Django request whose headers are looked at, and whose body is read, only when somebody asks."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        # HttpRequest.__init__ fills GET, POST, COOKIES and META; nothing on these paths reads them.
        self.scope = scope
        self.path = self.path_info = scope["path"]
        self.method = scope["method"]
        self.resolver_match = None
        self._receive = receive
        self._work: asyncio.Task[Any] | None = None
        self._held_bytes = 0
        self._read_started = True
        self._post_parse_error = False
        self._watcher: asyncio.Task[None] | None = None
        self.client_is_gone = False

    @cached_property
    def META(self) -> dict[str, Any]:  # type: ignore[override]  # noqa: N802  Django sets it in the __init__ we skip
        return ASGIRequest(self.scope, BytesIO()).META

    def values_of(self, name: bytes) -> list[str]:
        """All values of a header, by its lower-case name."""
        return [value.decode("latin-1") for key, value in self.scope["headers"] if key == name]

    @property
    def client_address(self) -> str:
        """Where the connection comes from; forwarded-for headers are not believed."""
        client = self.scope.get("client")
        return client[0] if client else ""

    async def read(self) -> bytes:  # type: ignore[override]  # HttpRequest is a file too; nobody reads this one so
        """The whole body. Raises BodyTooLarge as soon as it is known to be, BodyTimeout, or Overloaded.

        From the start of it to the reply, a client that hangs up cancels the current task.
        """
        work = asyncio.current_task()
        assert work is not None
        IN_FLIGHT.enter(work, most=settings.PLEXUS_MAX_IN_FLIGHT)
        self._work = work
        limit = settings.PLEXUS_MAX_REQUEST_BYTES
        if any(length.isdecimal() and int(length) > limit for length in self.values_of(b"content-length")):
            raise BodyTooLarge(limit)
        seconds = settings.PLEXUS_BODY_TIMEOUT_SECONDS
        try:
            async with asyncio.timeout(seconds):
                body = await self._pieces(limit)
        except TimeoutError as exc:
            raise BodyTimeout(seconds) from exc
        self._watcher = work.get_loop().create_task(self._cancel_when_gone(work))
        return body

    async def _pieces(self, limit: int) -> bytes:
        pieces, size = [], 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self.client_is_gone = True
                raise asyncio.CancelledError
            piece = message.get("body", b"")
            size += len(piece)
            if size > limit:
                raise BodyTooLarge(limit)
            IN_FLIGHT.hold(len(piece), most_bytes=settings.PLEXUS_MAX_BODIES_BYTES)
            self._held_bytes = size
            pieces.append(piece)
            if not message.get("more_body"):
                return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def _cancel_when_gone(self, work: asyncio.Task[Any]) -> None:
        """Sending to a client that has gone never fails; only receiving tells. The body is whole, so nothing else comes."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.client_is_gone = True
        work.cancel()

    def stop_watching(self) -> None:
        """The reply is on its way, or over: that the client leaves now changes nothing."""
        if self._watcher is not None:
            self._watcher.cancel()

    def let_go_of_body(self) -> None:
        """Nobody needs it any more: an upstream has answered, or nobody will be asked."""
        IN_FLIGHT.let_go(self._held_bytes)
        self._held_bytes = 0

    def leave(self) -> None:
        """It is over, however it ended."""
        self.let_go_of_body()
        if self._work is not None:
            IN_FLIGHT.leave(self._work)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application of the gateway's paths."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
    elif scope["type"] == "http":
        await _serve(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 1000})


async def _live(receive: Receive, send: Send) -> None:
    """Start and stop with the server."""
    await receive()
    IN_FLIGHT.begin()
    try:
        _resolve("/v1/models")  # loads the views now, not during somebody's request
        await runtime.start()
    except Exception as exc:
        logger.exception("The gateway cannot start")
        await send({"type": "lifespan.startup.failed", "message": str(exc)})
        return
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await runtime.stop()
    await send({"type": "lifespan.shutdown.complete"})


async def _serve(scope: Scope, receive: Receive, send: Send) -> None:
    request = GatewayRequest(scope, receive)
    try:
        response = await _respond(request)
        request.let_go_of_body()
        await _send(response, request, send)
    except asyncio.CancelledError:
        if not request.client_is_gone:
            raise
    finally:
        request.stop_watching()
        request.leave()


async def _respond(request: GatewayRequest) -> HttpResponseBase:
    try:
        match = _resolve(request.path)
    except Resolver404:
        return nothing_here(request)
    request.resolver_match = match
    response: HttpResponseBase = await match.func(request, *match.args, **match.kwargs)
    return response


@lru_cache(maxsize=256)
def _resolve(path: str) -> ResolverMatch:
    return get_resolver("gateway.urls").resolve(path)


async def _send(response: HttpResponseBase, request: GatewayRequest, send: Send) -> None:
    headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in response.items()]
    start = {"type": "http.response.start", "status": response.status_code, "headers": headers}
    if isinstance(response, Stream):
        await _send_stream(start, response, request, send)
        body = b""
    else:
        assert isinstance(response, HttpResponse)
        await send(start)
        body = response.content
    request.stop_watching()
    await send({"type": "http.response.body", "body": body if request.method != "HEAD" else b""})


async def _send_stream(start: Message, response: Stream, request: GatewayRequest, send: Send) -> None:
    """All but the end of the body. Whatever happens, also before the first byte, the source is closed."""
    try:
        await send(start)
        async for piece in response.source:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    except asyncio.CancelledError:
        if request.client_is_gone or not IN_FLIGHT.is_cut:
            raise
        # Whole events only have been sent, so this one is readable wherever the stream stood.
        await send({"type": "http.response.body", "body": response.source.cut_off(), "more_body": True})
    finally:
        await response.source.aclose()
