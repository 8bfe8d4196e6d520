"""Where a call to an upstream stands, read from what its task waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from enum import StrEnum
from typing import Any


class Moment(StrEnum):
    """In the order in which a call meets them."""

    NOT_BEGUN = "not begun"
    RESOLVING = "resolving a name"
    CONNECTING = "connecting"
    HANDSHAKE = "in the TLS handshake"
    SENDING = "sending a large body"
    WAITING = "waiting for the head"
    READING = "reading the body"
    BETWEEN = "between two reads"


PAUSE = "between_reads"
"""The function in which a call of ours holds an answer without reading it."""
STEPS = (
    # The innermost first: connecting is part of sending a request, in aiohttp's words as in ours.
    (PAUSE, Moment.BETWEEN),
    ("_resolve_host", Moment.RESOLVING),
    ("start_connection", Moment.CONNECTING),
    ("_wrap_create_connection", Moment.HANDSHAKE),
    ("handle_async_request", Moment.WAITING),
)


def moment_of(task: asyncio.Task[object]) -> Moment | None:
    """Where it is; None when it has ended. Sending counts as waiting: the transport hands over all at once."""
    if task.done():
        return None
    coroutine: Any = task.get_coro()  # Any: what coroutines show of themselves has no type
    if coroutine.cr_await is None:
        return Moment.NOT_BEGUN
    waits_in = set(names_within(coroutine))
    return next((moment for name, moment in STEPS if name in waits_in), Moment.READING)


def names_within(awaitable: Any) -> Iterator[str]:
    """The functions that wait for each other, the outermost first."""
    while (awaited := getattr(awaitable, "cr_await", None)) is not None:
        yield awaitable.__name__
        awaitable = awaited
