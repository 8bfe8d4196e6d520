"""One request and the head of its answer, on a connection that stands."""

from __future__ import annotations

import asyncio
import os

import aiohttp
from aiohttp.connector import Connection
from aiohttp.http import RawResponseMessage
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import StreamReader

from providers.client.answer import Sending, drop, total_timeout
from providers.errors import FirstByteTimeout, ProtocolError

PAUSE_READING_ABOVE_BYTES = 256 * 1024
HEADER_LINE_LIMIT_BYTES = 32 * 1024
HEADER_COUNT_LIMIT = 256

Message = tuple[bytes, bytes]
"""A request's head and its body."""
Head = tuple[RawResponseMessage, StreamReader]
"""An answer's head, and the body to come."""


class Stale(Exception):
    """The upstream closed the connection before the first byte of an answer."""


async def exchange(connection: Connection, message: Message, sending: Sending) -> Head:
    """Send the request and wait for the head of the answer. Raises Stale if the upstream closed without a byte.

    Whatever goes wrong, cancellation included, the connection is gone afterwards.
    """
    first_byte_seconds = sending.timeouts.first_byte_seconds
    deadline = min(asyncio.get_running_loop().time() + first_byte_seconds, sending.total_at)
    try:
        async with asyncio.timeout_at(deadline):
            return await send(connection, message)
    except TimeoutError as exc:
        drop(connection)
        if deadline == sending.total_at:
            raise total_timeout(sending) from exc
        raise FirstByteTimeout(f"{sending.name} gave no answer within {first_byte_seconds:.3g} s.") from exc
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as exc:
        drop(connection)
        raise Stale(reason_of(exc) if isinstance(exc, OSError) else "it closed the connection") from exc
    except HttpProcessingError as exc:
        drop(connection)
        raise ProtocolError(f"{sending.name} did not answer with HTTP.") from exc
    except BaseException:
        drop(connection)
        raise


async def send(connection: Connection, message: Message) -> Head:
    """Write the request, read the head of the answer."""
    protocol, transport = connection.protocol, connection.transport
    # should_close: something came that nobody asked for, as a 408 before the upstream hangs up. To read that as our answer
    # would shift every answer on this connection by one.
    if protocol is None or transport is None or transport.is_closing() or protocol.should_close:
        raise aiohttp.ServerDisconnectedError
    protocol.set_response_params(
        read_until_eof=True,
        auto_decompress=False,
        # aiohttp pauses the socket at twice this number.
        read_bufsize=PAUSE_READING_ABOVE_BYTES // 2,
        max_line_size=HEADER_LINE_LIMIT_BYTES,
        max_field_size=HEADER_LINE_LIMIT_BYTES,
        max_headers=HEADER_COUNT_LIMIT,
    )
    transport.writelines(message)
    while True:
        head = await protocol.read()
        status = head[0].code
        # 1xx only announces the answer; 101 would change the protocol, which we never asked for.
        if status >= 200:
            return head
        if status == 101:
            raise HttpProcessingError(message="101 Switching Protocols")


def reason_of(exc: BaseException) -> str:
    """What the operating system said, without aiohttp's and asyncio's repetition of host and port."""
    inner = getattr(exc, "os_error", exc)
    number = getattr(inner, "errno", None)
    # Failed name lookups bring negative numbers, with a text of their own.
    if isinstance(number, int) and number > 0:
        return os.strerror(number)
    return getattr(inner, "strerror", None) or str(inner) or type(inner).__name__
