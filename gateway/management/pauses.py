"""How long to wait before a process is started again that has died."""

import time

CALM_SECONDS = 60.0
"""So long after the last death, the next one counts as the first again."""
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 5.0


class Pauses:
    """Longer after each death: processes that die of the same cause again and again must not take the machine with them."""

    def __init__(self) -> None:
        self._deaths = 0
        self._last_death = 0.0

    def next_seconds(self) -> float:
        """One has died."""
        now = time.monotonic()
        self._deaths = 1 if now - self._last_death > CALM_SECONDS else self._deaths + 1
        self._last_death = now
        return pause_after(self._deaths)


def pause_after(deaths: int) -> float:
    """Seconds until the next one starts: 0.25, 0.5, 1, 2, 4, 5, 5, …"""
    return float(min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(deaths - 1, 10)))
