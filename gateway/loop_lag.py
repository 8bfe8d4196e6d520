"""How long the event loop was held up: every request on it waited as long. When that lasts, new ones are better refused."""

import asyncio
import math
from collections import deque

EVERY_SECONDS = 0.25
KEPT = 60
"""The last 15 s: as often as Prometheus usually asks."""
LASTING_SECONDS = 2.0
"""So long it must be late at every look: one long pause, to collect garbage or take a table over, is no overload."""
CALM_SECONDS = 1.0
"""So long it must not have been late once: else it would be filled again by whoever was kept away."""


class LoopLag:
    """Sleeps for a fixed time, over and over, and looks how much later it wakes, and how long one turn of the loop takes."""

    def __init__(self) -> None:
        self._lags: deque[float] = deque(maxlen=KEPT)
        self.limit_seconds = math.inf
        """Beyond this it is late."""
        self.is_lasting = False
        """Whether new work should be refused."""
        self._late_since: float | None = None
        self._late_at = -math.inf

    @property
    def worst_seconds(self) -> float:
        """The longest of the last 15 s."""
        return max(self._lags, default=0.0)

    def begin(self, limit_seconds: float) -> None:
        """Forget what another loop was like."""
        self._lags.clear()
        self.limit_seconds = limit_seconds
        self.is_lasting, self._late_since, self._late_at = False, None, -math.inf

    async def measure(self) -> None:
        """Never returns."""
        loop = asyncio.get_running_loop()
        while True:
            asked = loop.time() + EVERY_SECONDS
            await asyncio.sleep(EVERY_SECONDS)
            woken = loop.time()
            # A timer that is due in the middle of a turn wakes at its end, a little late after a long turn. Whoever
            # comes at the beginning of one waits for all of it.
            await asyncio.sleep(0)
            now = loop.time()
            self.note(now, max(0.0, woken - asked, now - woken))

    def note(self, now: float, lag_seconds: float) -> None:
        """It was held up for so long, just now."""
        self._lags.append(lag_seconds)
        if lag_seconds > self.limit_seconds:
            self._late_at = now
            if self._late_since is None:
                self._late_since = now
            if now - self._late_since >= LASTING_SECONDS:
                self.is_lasting = True
            return
        self._late_since = None
        if now - self._late_at >= CALM_SECONDS:
            self.is_lasting = False
