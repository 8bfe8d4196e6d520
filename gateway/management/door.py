"""The outermost door: uvicorn's HTTP/1.1 protocol, with limits on what may come in before anybody looks at it.

uvicorn with httptools reads heads of any size, for any time, and a body for ever after it has been answered. What is too
large or too late is told so here, in the API's own shape, before there is a request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from django.conf import settings
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from gateway.errors import GatewayError, HeadersTooLarge, HeadTimeout, MalformedHTTP, URLTooLong, rendered
from gateway.in_flight import IN_FLIGHT
from gateway.management.shortcut import DirectShortcut
from gateway.metrics.totals import TOTALS
from gateway.shortcut import EXTENSION
from providers.client.deadline import NEVER, Deadline

MAX_HEAD_BYTES = 64 * 1024
MAX_HEADERS = 100
MAX_URL_BYTES = 8 * 1024
LINGER_SECONDS = 1.0
"""How long a client that was refused may go on sending: a connection closed on unread bytes is reset, and the answer lost."""
REST_SECONDS = 5.0
"""How long the rest of a body may take that was answered before it was whole."""
IDLE_SECONDS_IN_DRAIN = 1.0
"""How long a connection without a request stays open when we stop: a request may be on its way just now."""


class Door(HttpToolsProtocol):
    """One connection of a client."""

    # Beyond thirty attributes Python gives each object a dictionary of its own, of 1.3 KB: uvicorn has 27, and ours stand apart.
    __slots__ = (
        *(
            "_deadline",
            "_idle",
            "_is_refused",
            "_last_read_bytes",
            "_refusal",
            "_unfruitful_bytes",
            "_wants_head",
            "url",
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: uvicorn's own
        super().__init__(*args, **kwargs)
        self.url = b""
        self._wants_head = True
        """Whether what comes next belongs to a head, not to a body."""
        self._unfruitful_bytes = 0
        """Read since the last whole head or piece of a body: what the parser keeps for itself."""
        self._last_read_bytes = 0
        self._refusal: GatewayError | None = None
        self._is_refused = False
        self._deadline: asyncio.TimerHandle | None = None
        # uvicorn's own sets a timer after each answer, and cancels it at the next request: this one hardly ever moves.
        self._idle = Deadline(self.loop, self.timeout_keep_alive_handler)

    # The connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self._expect_head()
        if IN_FLIGHT.is_draining:
            self.shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_deadline()
        self._idle.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        self._last_read_bytes = size = len(data)
        self._unfruitful_bytes += size
        super().data_received(data)
        if self._unfruitful_bytes > MAX_HEAD_BYTES:
            self.refuse(self._too_large())
        elif self._wants_head and self._deadline is None and (self.cycle is None or self.cycle.response_complete):
            self._expect_head()

    def shutdown(self) -> None:
        """The process stops: this connection takes at most one more request."""
        if not self._is_answering:
            self._close_soon()
        elif not self.cycle.response_started:
            self.cycle.keep_alive = False  # a head that is on its way already has promised that we stay

    def _close_soon(self) -> None:
        self.loop.call_later(IDLE_SECONDS_IN_DRAIN, self._close_if_idle)

    def _close_if_idle(self) -> None:
        if not self._is_answering:
            self.transport.close()

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    # The parser's callbacks

    def on_headers_complete(self) -> None:
        self._refusal = self._objection_to_head()
        if self._refusal is not None:
            raise self._refusal  # ends the parsing; uvicorn then calls send_400_response
        self._wants_head = False
        self._unfruitful_bytes = 0
        if self._deadline is not None:
            self._forget_deadline()
        super().on_headers_complete()
        self.scope["extensions"] = {EXTENSION: DirectShortcut(self.cycle)}  # type: ignore[dict-item]  # typed as settings
        if IN_FLIGHT.is_draining:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        self._unfruitful_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._wants_head = True
        self._unfruitful_bytes = 0
        if self._deadline is not None:
            # The rest of a body that has been answered before: from here on the connection is an idle one.
            self._forget_deadline()
            self._keep_alive()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """uvicorn's own, with another timer."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self._keep_alive()
        if IN_FLIGHT.is_draining:
            self._close_soon()
        if not self._wants_head and not self._is_answering:
            self._unset_keepalive_if_required()
            self._expect(REST_SECONDS, self.transport.abort)

    # What is too large

    def _objection_to_head(self) -> GatewayError | None:
        if len(self.url) > MAX_URL_BYTES:
            return URLTooLong(MAX_URL_BYTES)
        if len(self.headers) > MAX_HEADERS:
            return HeadersTooLarge(MAX_HEAD_BYTES, MAX_HEADERS)
        if self._unfruitful_bytes <= MAX_HEAD_BYTES and self._last_read_bytes <= MAX_HEAD_BYTES:
            return None  # nearly always: so much has not even been read
        head_bytes = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        return HeadersTooLarge(MAX_HEAD_BYTES, MAX_HEADERS) if head_bytes > MAX_HEAD_BYTES else None

    def _too_large(self) -> GatewayError:
        if len(self.url) > MAX_URL_BYTES:
            return URLTooLong(MAX_URL_BYTES)
        return HeadersTooLarge(MAX_HEAD_BYTES, MAX_HEADERS)

    # What is too late

    def _expect_head(self) -> None:
        self._expect(settings.PLEXUS_HEADER_TIMEOUT_SECONDS, self._head_is_late)

    def _head_is_late(self) -> None:
        self._deadline = None
        if self._is_answering:
            self._expect_head()  # pipelined behind an answer that still runs: that one is not to be cut
        elif self._unfruitful_bytes:
            self.refuse(HeadTimeout(settings.PLEXUS_HEADER_TIMEOUT_SECONDS))
        else:
            self.transport.close()

    def _expect(self, seconds: float, otherwise: Callable[[], None]) -> None:
        self._forget_deadline()
        self._deadline = self.loop.call_later(seconds, otherwise)

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _keep_alive(self) -> None:
        self._idle.begin(self.loop.time() + self.timeout_keep_alive)

    def _unset_keepalive_if_required(self) -> None:
        self._idle.due_at = NEVER  # uvicorn calls this for whatever comes

    # Saying no

    def send_400_response(self, msg: str) -> None:
        """uvicorn calls this for whatever it cannot parse."""
        self.refuse(self._refusal or MalformedHTTP())

    def refuse(self, error: GatewayError) -> None:
        """Answer with the error, if no other answer has begun, and close. What still comes is thrown away."""
        if self._is_refused or self.transport.is_closing():
            return
        self._is_refused = True
        TOTALS.note_refused(error.code)
        self._unset_keepalive_if_required()
        if self._is_answering:
            self._leave_the_request_alone()
            if self.cycle.response_started:
                self.transport.close()
                return
        self.transport.write(_whole_answer(error))
        self.transport.write_eof()
        self._expect(LINGER_SECONDS, self.transport.abort)

    def _leave_the_request_alone(self) -> None:
        """Its work is told that the client has gone: whatever it sends now would follow our own answer."""
        self.cycle.disconnected = True
        self.cycle.message_event.set()


def _whole_answer(error: GatewayError) -> bytes:
    answer = rendered(error)
    headers = {
        "content-type": answer.content_type,
        "content-length": str(len(answer.body)),
        **answer.headers,
        "connection": "close",
    }
    lines = b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in headers.items())
    return STATUS_LINE[answer.status] + lines + b"\r\n" + answer.body
