"""The gateway's own door: from an ASGI connection to a view and back.

Django's handler opens a thread-sensitive context for each request and runs synchronous receivers and middleware: a thread
for every open stream. This one does only what the gateway's paths need, with Django's resolver and honest views behind it:
no middleware, no signals, a body that is read when a view asks for it, and work that is cancelled when the client goes
away. docs/architecture.md says what that was measured to save.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from functools import cached_property, lru_cache
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest
from django.urls import ResolverMatch, get_resolver
from django.urls.exceptions import Resolver404

from gateway import runtime
from gateway.draft import Moment
from gateway.errors import BodyTimeout, BodyTooLarge
from gateway.in_flight import IN_FLIGHT, Intake
from gateway.newcomers import Newcomers
from gateway.prepared import HeaderList
from gateway.quiet_streams import QuietStreams
from gateway.shortcut import EXTENSION, Shortcut
from gateway.views.custom_routes import elsewhere
from gateway.views.ready import ReadyResponse, ReadyStream
from routing.table import Entrance

Message = MutableMapping[str, Any]  # Any: ASGI's own shapes, here and below
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

logger = logging.getLogger(__name__)
QUIET = QuietStreams()


class GatewayRequest(HttpRequest):
    """A Django request whose headers are looked at, and whose body is read, only when somebody asks."""

    # What HttpRequest.__init__ would set beside GET, POST, COOKIES and META, which nothing on these paths reads.
    resolver_match: ResolverMatch | None = None
    content_type = content_params = None
    _read_started = True
    _post_parse_error = False

    entrance: Entrance | None = None
    """The custom route that it came in by."""
    client_is_gone = False
    _work: asyncio.Task[Any] | None = None
    _newcomers: Newcomers | None = None
    _held_bytes = 0
    _has_body = False
    _deadline: asyncio.TimerHandle | None = None
    _body_is_late = False
    _watcher: asyncio.Task[None] | None = None

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.began = Moment(epoch=time.time(), monotonic=time.monotonic())
        self.scope = scope
        self.path = self.path_info = scope["path"]
        self.method = scope["method"]
        self._receive = receive
        # Out of the scope: it knows the server's request, which knows its scope, and a circle is left to the collector.
        self.shortcut: Shortcut | None = scope["extensions"].pop(EXTENSION, None) if "extensions" in scope else None
        self._named: dict[bytes, bytes] = dict(scope["headers"])
        """The headers by name; of one that comes several times, only the last."""
        self._has_each_once = len(self._named) == len(scope["headers"])

    @cached_property
    def META(self) -> dict[str, Any]:  # type: ignore[override]  # noqa: N802  Django sets it in the __init__ we skip
        return ASGIRequest(self.scope, BytesIO()).META

    def values_of(self, name: bytes) -> list[str]:
        """All values of a header, by its lower-case name."""
        if not self._has_each_once:
            return [value.decode("latin-1") for key, value in self.scope["headers"] if key == name]
        value = self._named.get(name)
        return [] if value is None else [value.decode("latin-1")]

    def pairs_of(self, names: Sequence[bytes]) -> HeaderList:
        """All headers of these names."""
        named = self._named
        if not self._has_each_once:
            return [(name, value) for name, value in self.scope["headers"] if name in names]
        return [(name, named[name]) for name in names if name in named]

    def is_plainly(self, content_type: bytes) -> bool:
        """Whether the body is of exactly this type, and not encoded; as nearly all are. False: look closer."""
        named = self._named
        return self._has_each_once and named.get(b"content-type") == content_type and b"content-encoding" not in named

    @property
    def client_address(self) -> str:
        """Where the connection comes from; forwarded-for headers are not believed."""
        client = self.scope.get("client")
        return client[0] if client else ""

    # The body

    async def read(self, newcomers: Newcomers) -> bytes:  # type: ignore[override]  # HttpRequest is a file too
        """The whole body. Raises BodyTooLarge as soon as it is known to be, BodyTimeout, or Overloaded.

        From the start of it to the reply, a client that hangs up cancels the current task.
        """
        self._work = work = asyncio.current_task(newcomers.loop)
        assert work is not None
        IN_FLIGHT.enter(work)
        # All of it, where it has arrived already, as nearly every body has.
        body = self.shortcut.whole_body() if self.shortcut is not None else None
        if body is None:
            self._check_announced_length()
        else:
            self._hold(body)
            self._has_body = True
        self._newcomers = newcomers
        newcomers.add(self)
        if body is not None:
            return body
        try:
            body = await self._pieces()
        except asyncio.CancelledError as exc:
            if not self._body_is_late or work.uncancel() > 0:
                raise
            raise BodyTimeout(IN_FLIGHT.intake.body_seconds) from exc
        self._has_body = True
        if self._deadline is not None:
            self._deadline.cancel()
            self.look_after()
        return body

    def _check_announced_length(self) -> None:
        """Raises BodyTooLarge before any of it is read."""
        for length in self.values_of(b"content-length"):
            if length.isdecimal() and int(length) > IN_FLIGHT.intake.request_bytes:
                raise BodyTooLarge(IN_FLIGHT.intake.request_bytes)

    async def _pieces(self) -> bytes:
        pieces = []
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self.client_is_gone = True
                raise asyncio.CancelledError
            piece = message.get("body", b"")
            self._hold(piece)
            pieces.append(piece)
            if not message.get("more_body"):
                return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _hold(self, piece: bytes) -> None:
        """Raises BodyTooLarge or Overloaded."""
        size = len(piece)
        if self._held_bytes + size > IN_FLIGHT.intake.request_bytes:
            raise BodyTooLarge(IN_FLIGHT.intake.request_bytes)
        IN_FLIGHT.hold(size)
        self._held_bytes += size

    def let_go_of_body(self) -> None:
        """Nobody needs it any more: an upstream has answered, or nobody will be asked."""
        IN_FLIGHT.body_bytes -= self._held_bytes
        self._held_bytes = 0

    # The client

    def look_after(self) -> None:
        """It takes its time: give a body that does not come a deadline, and look whether the client is still there."""
        assert self._work is not None
        loop = self._work.get_loop()
        if self._has_body:
            self._watcher = loop.create_task(self._cancel_when_gone(self._work), name="watcher")
        else:
            self._deadline = loop.call_later(IN_FLIGHT.intake.body_seconds, self._give_up_body, self._work)

    def _give_up_body(self, work: asyncio.Task[Any]) -> None:
        self._body_is_late = True
        work.cancel()

    async def _cancel_when_gone(self, work: asyncio.Task[Any]) -> None:
        """Sending to a client that has gone never fails; only receiving tells. The body is whole, so nothing else comes."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.client_is_gone = True
        work.cancel()

    def stop_watching(self) -> None:
        """The reply is on its way, or over: that the client leaves now changes nothing."""
        if self._newcomers is not None:
            self._newcomers.discard(self)
            self._newcomers = None
        if self._deadline is not None:
            self._deadline.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
            self._watcher = None  # its end refers to us: together a circle, which is left to the collector

    def leave(self) -> None:
        """It is over, however it ended."""
        if self._newcomers is not None:
            self.stop_watching()
        if self._held_bytes:
            self.let_go_of_body()
        if self._work is not None:
            IN_FLIGHT.tasks.discard(self._work)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application of the gateway's paths."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    if scope["type"] != "http":
        await send({"type": "websocket.close", "code": 1000})
        return
    # Not in a function of its own: every chunk of every stream would pass through it.
    request = GatewayRequest(scope, receive)
    try:
        request.resolver_match = match = _resolve(request.path)
        response = await match.func(request, *match.args, **match.kwargs)
        request.let_go_of_body()
        if isinstance(response, ReadyStream):
            await _send_stream(response, request, send)
        else:
            await _send_whole(response, request, send)
    except asyncio.CancelledError:
        if not request.client_is_gone:
            raise
    finally:
        request.leave()


async def _live(receive: Receive, send: Send) -> None:
    """Start and stop with the server."""
    await receive()
    IN_FLIGHT.begin(intake_of_settings())
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


def intake_of_settings() -> Intake:
    """What this process takes in, as the settings want it."""
    return Intake(
        exchanges=settings.PLEXUS_MAX_IN_FLIGHT,
        request_bytes=settings.PLEXUS_MAX_REQUEST_BYTES,
        bodies_bytes=settings.PLEXUS_MAX_BODIES_BYTES,
        body_seconds=settings.PLEXUS_BODY_TIMEOUT_SECONDS,
        lag_seconds=settings.PLEXUS_SHED_LAG_MS / 1000 or math.inf,
    )


@lru_cache(maxsize=256)
def _resolve(path: str) -> ResolverMatch:
    try:
        return get_resolver("gateway.urls").resolve(path)
    except Resolver404:
        return ResolverMatch(elsewhere, (), {})


async def _send_whole(response: ReadyResponse, request: GatewayRequest, send: Send) -> None:
    if request.method == "POST" and request.shortcut is not None:
        request.stop_watching()
        if request.shortcut.answer(response.status_code, response.pairs(), response.content):
            return
    await send({"type": "http.response.start", "status": response.status_code, "headers": response.pairs()})
    request.stop_watching()
    await send({"type": "http.response.body", "body": response.content if request.method != "HEAD" else b""})


async def _send_stream(response: ReadyStream, request: GatewayRequest, send: Send) -> None:
    """Whatever happens, also before the first byte, the source is closed."""
    source = response.source
    try:
        await send({"type": "http.response.start", "status": response.status_code, "headers": response.pairs()})
        QUIET.add(source, send)
        async for piece in source:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    except asyncio.CancelledError:
        if request.client_is_gone or not IN_FLIGHT.is_cut:
            raise
        # Whole events only have been sent, so this one is readable wherever the stream stood.
        await send({"type": "http.response.body", "body": source.cut_off(), "more_body": True})
    finally:
        QUIET.discard(source)
        await source.aclose()
    request.stop_watching()
    await send({"type": "http.response.body", "body": b""})
