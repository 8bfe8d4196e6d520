"""One connection to an upstream: one request after the other, each with its deadlines."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection

from providers.client.deadline import Deadline
from providers.client.request import Origin

if TYPE_CHECKING:
    from providers.client.answer import Body

PAUSE_READING_ABOVE_BYTES = 256 * 1024
HEADER_LINE_LIMIT_BYTES = 32 * 1024
HEADER_COUNT_LIMIT = 256
NO_LINGERING = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
"""C's `struct linger`: on, for 0 s."""


class Expired(Exception):
    """What was waited for did not come in time."""


class Link:
    """A connection that stands. To aiohttp's connector it is in use from beginning to end; our pool keeps it between requests."""

    __slots__ = ("body", "connection", "deadline", "idle_since", "is_idle", "loop", "origin", "protocol")

    def __init__(self, connection: Connection, origin: Origin, loop: asyncio.AbstractEventLoop) -> None:
        protocol = connection.protocol
        assert protocol is not None  # the connector hands out only such
        self.connection = connection
        self.protocol: ResponseHandler = protocol
        self.origin = origin
        self.loop = loop
        self.deadline = Deadline(loop, self.expire)
        self.body: Body | None = None
        """The answer that is being read."""
        self.is_idle = False
        self.idle_since = 0.0
        """On the loop's clock."""
        closed = protocol.closed
        if closed is not None:
            closed.add_done_callback(self.lost)

    @property
    def is_fit(self) -> bool:
        """Whether a request may be sent on it.

        should_close: something came that nobody asked for, as a 408 before the upstream hangs up. To read that as our
        answer would shift every answer on this connection by one.
        """
        transport = self.protocol.transport
        return transport is not None and not transport.is_closing() and not self.protocol.should_close

    def write(self, head: bytes, body: bytes) -> None:
        """Send a request, and make ready for its answer."""
        protocol = self.protocol
        assert protocol.transport is not None  # it is fit
        protocol.set_response_params(
            read_until_eof=True,
            auto_decompress=False,
            # aiohttp pauses the socket at twice this number.
            read_bufsize=PAUSE_READING_ABOVE_BYTES // 2,
            max_line_size=HEADER_LINE_LIMIT_BYTES,
            max_field_size=HEADER_LINE_LIMIT_BYTES,
            max_headers=HEADER_COUNT_LIMIT,
        )
        protocol.transport.writelines((head, body))

    def expire(self) -> None:
        """Wake the task that has waited too long."""
        if self.body is not None:
            self.body.payload.set_exception(Expired())
        else:
            self.protocol.set_exception(Expired())

    def drop(self) -> None:
        """End it at once, without waiting for what is still to be written. May be called again."""
        self.deadline.cancel()
        reset_when_closed(self.protocol.transport)
        self.protocol.abort()
        self.connection.close()

    def close(self) -> None:
        """End it between two requests, as one should: over TLS it says goodbye."""
        self.deadline.cancel()
        self.connection.close()

    def lost(self, closed: asyncio.Future[None]) -> None:
        """It has ended, whoever ended it. Whoever waits for something on it drops it when told so."""
        if not closed.cancelled():
            closed.exception()  # else asyncio logs that nobody asked
        self.deadline.cancel()
        body, self.body = self.body, None
        if body is not None:
            body.connection_lost()
        if self.is_idle:
            self.drop()


def reset_when_closed(transport: asyncio.BaseTransport | None) -> None:
    """Let the kernel forget what the upstream has not taken yet.

    It would keep that, megabytes of a large request, for as long as the upstream does not read, and the upstream would
    learn only behind it that nobody waits any more.
    """
    sock = transport.get_extra_info("socket") if transport is not None else None
    if sock is not None:
        with suppress(OSError):  # it has gone by itself
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGERING)
