"""How long the event loop was held up: every request on it waited as long."""

import asyncio
from collections import deque

EVERY_SECONDS = 0.25
KEPT = 60
"""The last 15 s: as often as Prometheus usually asks."""


class LoopLag:
    """Sleeps for a fixed time, over and over, and looks how much later it wakes."""

    def __init__(self) -> None:
        self._lags: deque[float] = deque(maxlen=KEPT)

    @property
    def worst_seconds(self) -> float:
        """The longest of the last 15 s."""
        return max(self._lags, default=0.0)

    async def measure(self) -> None:
        """Never returns."""
        loop = asyncio.get_running_loop()
        while True:
            asked = loop.time() + EVERY_SECONDS
            await asyncio.sleep(EVERY_SECONDS)
            self._lags.append(max(0.0, loop.time() - asked))
