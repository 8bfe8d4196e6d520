"""The answer of an upstream while it arrives."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import httpx
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import StreamReader

from providers.client.request import Destination
from providers.errors import AnswerTooLarge, Disconnected, IdleTimeout, ProtocolError, TotalTimeout
from providers.timeouts import Timeouts

NO_LINGERING = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
"""C's `struct linger`: on, for 0 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One request on its way: to whom, and for how long."""

    destination: Destination
    timeouts: Timeouts
    total_at: float
    """When all of it must be over, on the loop's clock."""

    @property
    def name(self) -> str:
        return self.destination.name


@dataclass(slots=True, kw_only=True, eq=False)
class Body(httpx.AsyncByteStream):
    """The bytes of an answer as they arrive. Reading pauses the socket while more than 256 KiB wait here."""

    connection: Connection
    payload: StreamReader
    sending: Sending
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)

    def __aiter__(self) -> AsyncIterator[bytes]:
        # No generator: what it holds open would be closed whenever the garbage collector finds it.
        return self

    async def __anext__(self) -> bytes:
        """Raises UpstreamError; StopAsyncIteration once the answer is whole."""
        try:
            # Most of a burst is here already: no timer for that.
            chunk = self.payload.read_nowait()
            if not chunk and not self.payload.is_eof():
                chunk = await self.next_chunk()
        # RuntimeError: aiohttp's word for reading from a connection that has just gone.
        except (aiohttp.ClientError, OSError, HttpProcessingError, RuntimeError) as exc:
            # aiohttp hides what had come before the break. The next call raises then.
            chunk = self.payload._read_nowait(-1)
            if not chunk:
                failure = self.failure()
                self.give_up()
                raise failure from exc
        if not chunk:
            raise StopAsyncIteration
        return chunk

    async def next_chunk(self) -> bytes:
        idle_seconds = self.sending.timeouts.idle_seconds
        deadline = min(self.loop.time() + idle_seconds, self.sending.total_at)
        try:
            async with asyncio.timeout_at(deadline):
                return await self.payload.readany()
        except TimeoutError as exc:
            self.give_up()
            if deadline == self.sending.total_at:
                raise total_timeout(self.sending) from exc
            raise IdleTimeout(f"{self.sending.name} fell silent for {idle_seconds:.3g} s.") from exc

    def failure(self) -> Disconnected | ProtocolError:
        """A body breaks off when the connection ends, or when its framing makes no sense."""
        protocol = self.connection.protocol
        if protocol is not None and isinstance(protocol.exception(), HttpProcessingError):
            return ProtocolError(f"{self.sending.name} sent an answer that is not framed as HTTP.")
        return Disconnected(f"{self.sending.name} closed the connection before its answer was whole.")

    def keep_connection(self) -> None:
        """The answer is whole: its connection may serve the next request."""
        transport = self.connection.transport
        if transport is not None and transport.get_write_buffer_size() > 0:
            # Answered before it had taken the whole request: the rest would run into the next one.
            drop(self.connection)
            return
        self.connection.release()

    async def aclose(self) -> None:
        """Give the connection up unless the answer is whole. Never waits; may be called again."""
        if not self.payload.is_eof():
            self.give_up()

    def give_up(self) -> None:
        self.connection_lost()
        drop(self.connection)

    def connection_lost(self) -> None:
        """Wake a task that still reads; aiohttp leaves it waiting after an error in the framing."""
        if not self.payload.is_eof() and self.payload.exception() is None:
            self.payload.set_exception(aiohttp.ClientPayloadError("The connection is closed."))


async def read_limited(response: httpx.Response, limit_bytes: int) -> bytes:
    """The whole body. Raises AnswerTooLarge, and UpstreamError as reading does; the response is closed then."""
    body: Any = response.stream  # AsyncByteStream here; httpx's type allows a synchronous one too
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in body:
            size += len(chunk)
            if size > limit_bytes:
                raise AnswerTooLarge(f"The answer is larger than {limit_bytes:,} bytes.")
            chunks.append(chunk)
    finally:
        await response.aclose()
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def drop(connection: Connection) -> None:
    """End a connection at once, without waiting for what is still to be written. Nothing, if it was given back."""
    if connection.protocol is not None:
        reset_when_closed(connection.protocol.transport)
        connection.protocol.abort()
        connection.close()


def reset_when_closed(transport: asyncio.BaseTransport | None) -> None:
    """Let the kernel forget what the upstream has not taken yet.

    It would keep that, megabytes of a large request, for as long as the upstream does not read, and the upstream would
    learn only behind it that nobody waits any more.
    """
    sock = transport.get_extra_info("socket") if transport is not None else None
    if sock is not None:
        with suppress(OSError):  # it has gone by itself
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGERING)


def total_timeout(sending: Sending) -> TotalTimeout:
    return TotalTimeout(f"{sending.name} was not done within {sending.timeouts.total_seconds:.3g} s.")
