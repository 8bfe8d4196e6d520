"""A deadline that moves with every wait, on a timer that hardly ever does.

Each request sets some deadlines and meets nearly all of them, so a timer for each would be set and cancelled for nothing.
Here a connection has one timer. Setting a later deadline only writes a number: when the timer rings too early it is set
again, to the deadline of that moment. So a busy connection pays for a timer about once per deadline's length.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

TIMER_SLACK_SECONDS = 0.001
"""uvloop counts in milliseconds: a timer may ring that much early."""
NEVER = math.inf


class Deadline:
    """Calls `expire` when a wait takes too long: one that begins with `begin(due_at)` and ends with `due_at = NEVER`."""

    __slots__ = ("_expire", "_loop", "_rings_at", "_timer", "due_at")

    def __init__(self, loop: asyncio.AbstractEventLoop, expire: Callable[[], None]) -> None:
        self._loop = loop
        self._expire = expire
        self._rings_at = NEVER
        self.due_at = NEVER
        """When the wait must be over, on the loop's clock. NEVER: nothing is waited for. To end a wait is no call: there are
        three for each request."""
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, due_at: float) -> None:
        """A wait begins that may last until `due_at`, on the loop's clock."""
        self.due_at = due_at
        if due_at < self._rings_at:
            self._set_timer(due_at)

    def cancel(self) -> None:
        """There will be no more waits."""
        self.due_at = self._rings_at = NEVER
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set_timer(self, rings_at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings_at = rings_at
        self._timer = self._loop.call_at(rings_at, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._rings_at = NEVER
        if self.due_at == NEVER:
            return
        if self.due_at - self._loop.time() > TIMER_SLACK_SECONDS:
            self._set_timer(self.due_at)
            return
        self.due_at = NEVER
        self._expire()
