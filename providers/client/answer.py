"""The answer of an upstream while it arrives."""

from __future__ import annotations

import functools
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import httpx
import msgspec
from aiohttp.http import RawResponseMessage
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import StreamReader

from providers.client.deadline import NEVER
from providers.client.link import Expired, Link
from providers.client.pool import Pool
from providers.client.request import Destination
from providers.errors import AnswerTooLarge, Disconnected, FirstByteTimeout, IdleTimeout, ProtocolError, TotalTimeout
from providers.timeouts import Timeouts


class Sending(msgspec.Struct, gc=False):
    """One request on its way: to whom, and for how long."""

    destination: Destination
    timeouts: Timeouts
    total_at: float
    """When all of it must be over, on the loop's clock."""
    first_byte_at: float = math.inf
    """When its answer must have begun."""

    @property
    def name(self) -> str:
        return self.destination.name


@dataclass(slots=True, eq=False)
class Body(httpx.AsyncByteStream):
    """The bytes of an answer as they arrive. Reading pauses the socket while more than 256 KiB wait here."""

    link: Link
    payload: StreamReader
    sending: Sending
    pool: Pool
    due_at: float = math.inf
    """When the next piece must be here, on the loop's clock."""
    content_at: float = math.inf
    """When the next piece with content must be here. Whoever reads the events says so: `await_first`, `is_said`."""
    is_said: bool = False
    """Something with content has come since the last wait began."""
    awaits_first: bool = False
    has_let_go: bool = False
    """The answer is whole or given up. The connection may serve somebody else by now: nothing of it is ours."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        # No generator: what it holds open would be closed whenever the garbage collector finds it.
        return self

    async def __anext__(self) -> bytes:
        """Raises UpstreamError; StopAsyncIteration once the answer is whole."""
        payload = self.payload
        try:
            chunk = payload.read_nowait() if self.has_let_go else await self.next_chunk()
        except Expired as exc:
            self.give_up()
            raise self.timeout() from exc
        # RuntimeError: aiohttp's word for reading from a connection that has just gone.
        except (aiohttp.ClientError, OSError, HttpProcessingError, RuntimeError) as exc:
            # aiohttp hides what had come before the break. The next call raises then.
            chunk = payload._read_nowait(-1)
            if not chunk:
                failure = self.failure()
                self.give_up()
                raise failure from exc
        if not chunk:
            raise StopAsyncIteration
        return chunk

    def whole_at_once(self) -> bytes | None:
        """All of it, if all of it is here and nothing has been read; None where it must be waited for."""
        payload = self.payload
        if not payload.is_eof() or payload.exception() is not None:
            return None
        return payload.read_nowait()

    async def next_chunk(self) -> bytes:
        """What is here, or else what comes next; empty once the answer is whole."""
        link, sending = self.link, self.sending
        now = link.loop.time()
        if self.is_said:
            self.is_said = self.awaits_first = False
            self.content_at = now + sending.timeouts.semantic_idle_seconds
        self.due_at = min(now + sending.timeouts.idle_seconds, sending.total_at, self.content_at)
        link.deadline.begin(self.due_at)
        try:
            return await self.payload.readany()
        finally:
            # When the end has come meanwhile, the next request's wait may have begun on this connection.
            if not self.has_let_go:
                link.deadline.due_at = NEVER

    def await_first(self) -> None:
        """The first content has to be here as soon as a first byte has: a head alone says nothing."""
        self.awaits_first = True
        self.content_at = self.sending.first_byte_at

    def timeout(self) -> FirstByteTimeout | IdleTimeout | TotalTimeout:
        sending = self.sending
        if self.due_at == sending.total_at:
            return total_timeout(sending)
        if self.due_at == self.content_at and self.awaits_first:
            return FirstByteTimeout(f"{sending.name} said nothing within {sending.timeouts.first_byte_seconds:.3g} s.")
        if self.due_at == self.content_at:
            seconds = sending.timeouts.semantic_idle_seconds
            return IdleTimeout(f"{sending.name} sent nothing but comments for {seconds:.3g} s.")
        return IdleTimeout(f"{sending.name} fell silent for {sending.timeouts.idle_seconds:.3g} s.")

    def failure(self) -> Disconnected | ProtocolError:
        """A body breaks off when the connection ends, or when its framing makes no sense."""
        if isinstance(self.link.protocol.exception(), HttpProcessingError):
            return ProtocolError(f"{self.sending.name} sent an answer that is not framed as HTTP.")
        return Disconnected(f"{self.sending.name} closed the connection before its answer was whole.")

    def keep_connection(self) -> None:
        """The answer is whole: its connection may serve the next request."""
        if self.has_let_go:
            return
        link = self.let_go()
        transport = link.protocol.transport
        if transport is not None and transport.get_write_buffer_size() > 0:
            # Answered before it had taken the whole request: the rest would run into the next one.
            link.drop()
            return
        self.pool.give(link)

    async def aclose(self) -> None:
        """Give the connection up unless the answer is whole. Never waits; may be called again."""
        self.close()

    def close(self) -> None:
        if not self.payload.is_eof():
            self.give_up()

    def give_up(self) -> None:
        self.connection_lost()
        if not self.has_let_go:
            self.let_go().drop()

    def let_go(self) -> Link:
        self.has_let_go = True
        self.link.body = None
        self.link.deadline.due_at = NEVER
        return self.link

    def connection_lost(self) -> None:
        """Wake a task that still reads; aiohttp leaves it waiting after an error in the framing."""
        if not self.payload.is_eof() and self.payload.exception() is None:
            self.payload.set_exception(aiohttp.ClientPayloadError("The connection is closed."))


class UpstreamResponse(httpx.Response):
    """An httpx.Response, its body unread, that makes of its parts only what is asked for."""

    is_closed = False
    is_stream_consumed = False
    next_request = None
    default_encoding = "utf-8"
    _request = None
    _num_bytes_downloaded = 0
    stream: Body

    def __init__(self, message: RawResponseMessage, body: Body) -> None:
        # httpx.Response.__init__ would copy every header, for as much as sending the request costs.
        self.status_code = message.code
        self.message = message
        self.stream = body

    def header(self, name: str) -> str:
        """The first value of that name in any spelling, "" if there is none; without making `headers`."""
        value: str = self.message.headers.get(name, "")
        return value if value.isascii() else readable(value)

    @functools.cached_property
    def headers(self) -> httpx.Headers:  # type: ignore[override]  # httpx sets these in the __init__ that we skip
        return httpx.Headers(self.message.raw_headers)

    @functools.cached_property
    def extensions(self) -> dict[str, Any]:  # type: ignore[override]  # Any: httpx's type
        return {}

    @functools.cached_property
    def history(self) -> list[httpx.Response]:  # type: ignore[override]
        return []

    async def aclose(self) -> None:
        self.is_closed = True
        self.stream.close()


def readable(value: str) -> str:
    """aiohttp reads a header as UTF-8, other bytes as halves of surrogate pairs, which nobody could write again."""
    raw = value.encode(errors="surrogateescape")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


async def read_limited(response: UpstreamResponse, limit_bytes: int) -> bytes:
    """The whole body. Raises AnswerTooLarge, and UpstreamError as reading does; the response is closed then."""
    body = response.stream
    whole = body.whole_at_once()
    if whole is None:
        whole = await gathered(body, limit_bytes)
    if len(whole) > limit_bytes:
        raise too_large(limit_bytes)
    return whole


async def gathered(body: Body, limit_bytes: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in body:
            size += len(chunk)
            if size > limit_bytes:
                raise too_large(limit_bytes)
            chunks.append(chunk)
    finally:
        body.close()
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def too_large(limit_bytes: int) -> AnswerTooLarge:
    return AnswerTooLarge(f"The answer is larger than {limit_bytes:,} bytes.")


def total_timeout(sending: Sending) -> TotalTimeout:
    return TotalTimeout(f"{sending.name} was not done within {sending.timeouts.total_seconds:.3g} s.")
