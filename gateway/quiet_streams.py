"""Streams that are silent for long: a comment now and then tells the client, and every proxy between, that nobody has gone.

A timer for each stream would be set anew for each of its chunks. So one timer looks at all of them now and then, and at nothing but
how much each has sent: the same as SILENT_LOOKS looks before means silence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, Protocol

LOOK_SECONDS = 3.0
SILENT_LOOKS = 5
"""15 s of silence, or up to one look less."""
COMMENT: Final = b": keep-alive\n\n"
"""Both official SDKs, and the standard, pass over a line that begins with a colon."""

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]  # Any: ASGI's own shape


class Stream(Protocol):
    """What is looked at."""

    is_waiting: bool
    """For its upstream: whatever it has is with the client."""

    @property
    def sent_bytes(self) -> int: ...


class QuietStreams:
    """Those of one event loop."""

    def __init__(self, *, look_seconds: float = LOOK_SECONDS) -> None:
        self._look_seconds = look_seconds
        self._looks: dict[Stream, tuple[int, int, Send]] = {}
        """Stream -> what it had sent at the last look, how many looks ago it sent something, and how to send."""
        self._timer: asyncio.TimerHandle | None = None
        self._sending: set[asyncio.Task[None]] = set()

    def add(self, stream: Stream, send: Send) -> None:
        """It has begun. Whole events only are sent, so that a comment may stand between any two of its pieces."""
        self._looks[stream] = (-1, 0, send)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._look_seconds, self._look)

    def discard(self, stream: Stream) -> None:
        """It is over."""
        self._looks.pop(stream, None)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        for stream, (sent, looks, send) in self._looks.items():
            now = stream.sent_bytes
            looks = looks + 1 if now == sent and stream.is_waiting else 0
            if looks >= SILENT_LOOKS:
                looks = 0
                task = loop.create_task(self._comment(stream, send), name="keep-alive of a stream")
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)
            self._looks[stream] = (now, looks, send)
        self._timer = loop.call_later(self._look_seconds, self._look) if self._looks else None

    async def _comment(self, stream: Stream, send: Send) -> None:
        if stream in self._looks:  # else it has ended meanwhile, and nothing may follow its last piece
            await send({"type": "http.response.body", "body": COMMENT, "more_body": True})
