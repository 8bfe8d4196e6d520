"""The judgement for an upstream whose alias has nobody else.

Leaving it alone because 30 % fail would make them 100 %. So it is out only when 95 % of 20 failed within 10 s, and for two
seconds at most: enough that a crowd does not wait for what cannot come, little enough that nobody misses its return.
"""

import random

from providers.errors import Condition
from routing.health.standing import WELL, Cause, Standing, with_time_left
from routing.health.window import Window

WINDOW_SECONDS = 10
LEAST_ANSWERS = 20
PERCENT = 95
OUT_SECONDS = (1.6, 2.0)


class Outage:
    """Of one upstream, as those see it who have nobody else."""

    __slots__ = ("_rng", "condition", "until", "window")

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.window = Window(WINDOW_SECONDS, WINDOW_SECONDS)
        """Events are answers, the amount is how many of them were failures."""
        self.until = 0.0
        self.condition: Condition | None = None

    def failed(self, now: float, condition: Condition) -> None:
        window = self.window
        window.add(now, 1, 1)
        if now >= self.until and window.events >= LEAST_ANSWERS and window.amount * 100 >= PERCENT * window.events:
            self.until = now + self._rng.uniform(*OUT_SECONDS)
            self.condition = condition
            window.clear()  # the next 20 decide anew

    def clear(self) -> None:
        self.until = 0.0
        self.window.clear()

    def standing(self, now: float) -> Standing:
        if now >= self.until:
            return WELL
        reason = with_time_left("nearly all requests failed, and there is nobody else", self.until - now)
        return Standing(ok=False, condition=self.condition, reason=reason, until=self.until, cause=Cause.OUTAGE)
