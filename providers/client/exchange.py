"""One request and the head of its answer, on a connection that stands."""

from __future__ import annotations

import os

import aiohttp
from aiohttp.http import RawResponseMessage
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import StreamReader

from providers.client.answer import Sending, total_timeout
from providers.client.deadline import NEVER
from providers.client.link import Expired, Link
from providers.errors import FirstByteTimeout, ProtocolError

Message = tuple[bytes, bytes]
"""A request's head and its body."""
Head = tuple[RawResponseMessage, StreamReader]
"""An answer's head, and the body to come."""


class Stale(Exception):
    """The upstream closed the connection before the first byte of an answer."""


async def exchange(link: Link, message: Message, sending: Sending) -> Head:
    """Send the request and wait for the head of the answer. Raises Stale if the upstream closed without a byte.

    `link` is fit: whoever hands it in has looked in this very turn of the event loop.
    Whatever goes wrong, cancellation included, the connection is gone afterwards.
    """
    first_byte_seconds = sending.timeouts.first_byte_seconds
    due_at = link.loop.time() + first_byte_seconds
    if due_at > sending.total_at:
        due_at = sending.total_at
    sending.first_byte_at = due_at
    link.deadline.begin(due_at)
    try:
        link.write(*message)
        head: Head = await link.protocol.read()
        while (status := head[0].code) < 200:
            # 1xx only announces the answer; 101 would change the protocol, which we never asked for.
            if status == 101:
                raise HttpProcessingError(message="101 Switching Protocols")
            head = await link.protocol.read()
        return head
    except Expired as exc:
        link.drop()
        if due_at == sending.total_at:
            raise total_timeout(sending) from exc
        raise FirstByteTimeout(f"{sending.name} gave no answer within {first_byte_seconds:.3g} s.") from exc
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as exc:
        link.drop()
        raise Stale(reason_of(exc) if isinstance(exc, OSError) else "it closed the connection") from exc
    except HttpProcessingError as exc:
        link.drop()
        raise ProtocolError(f"{sending.name} did not answer with HTTP.") from exc
    except BaseException:
        link.drop()
        raise
    finally:
        link.deadline.due_at = NEVER


def reason_of(exc: BaseException) -> str:
    """What the operating system said, without aiohttp's and asyncio's repetition of host and port."""
    inner = getattr(exc, "os_error", exc)
    number = getattr(inner, "errno", None)
    # Failed name lookups bring negative numbers, with a text of their own.
    if isinstance(number, int) and number > 0:
        return os.strerror(number)
    return getattr(inner, "strerror", None) or str(inner) or type(inner).__name__
