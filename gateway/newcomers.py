"""Requests in their first moments, which nobody looks after yet.

That a client has gone is told by `receive` alone, and to wait for that takes a task; a body that does not come is given up
by a timer. Either costs more than most of what else is done for a short request, and one that is over within LOOK_SECONDS
has no need of them. So one timer wakes for all, and has those looked after that it has met before and are still here.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

LOOK_SECONDS = 0.025
"""Twice so late, at most, do we notice that a client had hung up."""


class Newcomer(Protocol):
    """A request that takes its time."""

    def look_after(self) -> None:
        """Watch over it from now on."""


class Newcomers:
    """Those of one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._new: set[Newcomer] = set()
        self._known: set[Newcomer] = set()
        """Those that were here at the last look already."""
        self._timer: asyncio.TimerHandle | None = None

    def add(self, newcomer: Newcomer) -> None:
        """It has come; unless it is discarded before, `look_after` will be called, once."""
        self._new.add(newcomer)
        if self._timer is None:
            self._set_timer()

    def discard(self, newcomer: Newcomer) -> None:
        """It is over, or is looked after already."""
        self._new.discard(newcomer)
        self._known.discard(newcomer)

    def _look(self) -> None:
        self._timer = None
        staying, self._known, self._new = self._known, self._new, set()
        if self._known:
            self._set_timer()
        for newcomer in staying:
            newcomer.look_after()

    def _set_timer(self) -> None:
        self._timer = self.loop.call_later(LOOK_SECONDS, self._look)

    def close(self) -> None:
        """The loop ends."""
        if self._timer is not None:
            self._timer.cancel()
