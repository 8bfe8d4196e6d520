"""The judgement for an upstream whose alias has nobody else.

Leaving it alone because 30 % fail would make them 100 %. So it is out only when 95 % of 20 failed within 10 s, or when nothing
but failures came for 2 s, 20 at least; and for two seconds at most: enough that a crowd does not wait for what cannot come,
little enough that nobody misses its return. The second rule is for a sudden end: good answers of just before would outweigh
the failures for most of 10 s.
"""

import random

from providers.errors import Condition
from routing.health.standing import WELL, Cause, Standing, with_time_left
from routing.health.window import Window

WINDOW_SECONDS = 10
LEAST_ANSWERS = 20
PERCENT = 95
ROW_SECONDS = 2.0
OUT_SECONDS = (1.6, 2.0)


class Outage:
    """Of one upstream, as those see it who have nobody else."""

    __slots__ = ("_rng", "condition", "in_row", "since", "until", "window")

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.window = Window(WINDOW_SECONDS, WINDOW_SECONDS)
        """Events are answers, the amount is how many of them were failures."""
        self.in_row = 0
        """Failures without a good answer between: whoever adds a good one to the window sets it back."""
        self.since = 0.0
        """When the first of them came."""
        self.until = 0.0
        self.condition: Condition | None = None

    def failed(self, now: float, condition: Condition) -> None:
        self.window.add(now, 1, 1)
        self.in_row += 1
        if self.in_row == 1:
            self.since = now
        if now >= self.until and (self._fails_nearly_always() or self._only_fails(now)):
            self.until = now + self._rng.uniform(*OUT_SECONDS)
            self.condition = condition
            self.window.clear()  # the next 20 decide anew
            self.in_row = 0

    def clear(self) -> None:
        self.until = 0.0
        self.in_row = 0
        self.window.clear()

    def _fails_nearly_always(self) -> bool:
        window = self.window
        return window.events >= LEAST_ANSWERS and window.amount * 100 >= PERCENT * window.events

    def _only_fails(self, now: float) -> bool:
        return self.in_row >= LEAST_ANSWERS and now - self.since >= ROW_SECONDS

    def standing(self, now: float) -> Standing:
        if now >= self.until:
            return WELL
        reason = with_time_left("nearly all requests failed, and there is nobody else", self.until - now)
        return Standing(ok=False, condition=self.condition, reason=reason, until=self.until, cause=Cause.OUTAGE)
