"""An upstream, or a credential, is left alone until a time: it said so, or asking sooner could not help."""

import random

from providers.errors import Condition
from providers.verdict import Verdict
from routing.health.standing import Cause, Standing, with_time_left

REST_SECONDS = 5.0
"""Where nobody said how long."""
LEAST_MEMORY_SECONDS = 60.0
MOST_DOUBLINGS = 20
JITTER = 0.5
"""A rest lasts from the seconds asked for to half as many more, so that not everybody returns at once (Envoy)."""


class Rest:
    """Until when, why, and how often in a row."""

    __slots__ = ("_rng", "condition", "is_hearsay", "number", "repeated", "since", "until")

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.since = 0.0
        self.until = 0.0
        """0 when there is nothing to remember."""
        self.condition: Condition | None = None
        self.repeated = 0
        self.number = 0
        """Grows with every rest, so that other processes tell them apart."""
        self.is_hearsay = False

    def is_on(self, now: float) -> bool:
        return now < self.until

    def begin(self, now: float, begun: float, verdict: Verdict) -> None:
        """Rest, because a request that was begun then ended so.

        Many requests are refused together. Those that were begun before this rest tell nothing new of a rest whose
        length is ours to guess, and never make it grow.
        """
        seconds = REST_SECONDS if verdict.rest_seconds is None else verdict.rest_seconds
        if self.is_on(now) and begun < self.since and verdict.grows:
            return
        if begun >= self.until:
            self.repeated = self.repeated + 1 if self._remembers(now) else 0
        if verdict.grows:
            seconds *= 2 ** min(self.repeated, MOST_DOUBLINGS)
        if verdict.rest_cap_seconds is not None:
            seconds = min(seconds, verdict.rest_cap_seconds)
        until = now + seconds * (1 + JITTER * self._rng.random())
        if until > self.until:
            self._set(now, until, verdict.condition, is_hearsay=False)

    def believe(self, now: float, seconds: float, condition: Condition | None) -> None:
        """Rest, because another process was told to."""
        if now + seconds > self.until:
            self._set(now, now + seconds, condition, is_hearsay=True)

    def _set(self, now: float, until: float, condition: Condition | None, *, is_hearsay: bool) -> None:
        if not self.is_on(now):
            self.since = now
        self.until = until
        self.condition = condition
        self.is_hearsay = is_hearsay
        self.number += 1

    def _remembers(self, now: float) -> bool:
        """For as long as the last rest was, and a minute at least."""
        return self.until > 0 and now < self.until + max(self.until - self.since, LEAST_MEMORY_SECONDS)

    def clear(self) -> None:
        """A success, or an administrator, ends it; the next one starts small."""
        self.until = 0.0
        self.repeated = 0

    def standing(self, now: float) -> Standing:
        """While it is on."""
        text = self.condition.replace("_", " ") if self.condition else "resting"
        return Standing(
            ok=False,
            condition=self.condition,
            reason=with_time_left(text, self.until - now),
            until=self.until,
            cause=Cause.REST,
        )
