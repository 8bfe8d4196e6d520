"""How long first bytes take: a histogram that forgets, for percentiles.

Bounds grow by a fifth (four to a doubling), so a percentile is off by a tenth at most. A sample counts half after five minutes:
long enough to know a percentile of little traffic, short enough to follow a provider through its day. Newer samples are
given more weight, in place of all older ones being given less. Source: Cormode, Shkapenyuk, Srivastava, Xu, “Forward decay: a
practical time decay model for streaming systems”, ICDE 2009.
"""

from bisect import bisect_left
from itertools import accumulate
from typing import Final

HALF_LIFE_SECONDS = 300.0
RENEWED_AFTER_SECONDS = 20 * HALF_LIFE_SECONDS
"""Weights are at most 2 ** 20 then: far from where a float counts no more."""
KNOWN_AFTER_SAMPLES = 20
BOUNDS_SECONDS: Final = tuple(0.001 * 2 ** (place / 4) for place in range(78))
"""From a millisecond to ten minutes."""


class FirstBytes:
    """Of one upstream, of streams or of whole answers."""

    __slots__ = ("_since", "_weights")

    def __init__(self) -> None:
        self._since = 0.0
        """A sample of this moment weighs 1."""
        self._weights = [0.0] * (len(BOUNDS_SECONDS) + 1)

    def add(self, now: float, seconds: float) -> None:
        """A first byte took so long, or had not come after so long when it was given up."""
        if now - self._since > RENEWED_AFTER_SECONDS:
            self._renew(now)
        self._weights[bisect_left(BOUNDS_SECONDS, seconds)] += self._weight(now)

    def percentile(self, percent: float, now: float) -> float | None:
        """So many percent take at most so many seconds; None while too little is known."""
        sums = list(accumulate(self._weights))
        if sums[-1] < KNOWN_AFTER_SAMPLES * self._weight(now):
            return None
        wanted = sums[-1] * percent / 100
        place = bisect_left(sums, wanted)
        if place == len(BOUNDS_SECONDS):
            return BOUNDS_SECONDS[-1]
        below, lower = (sums[place - 1], BOUNDS_SECONDS[place - 1]) if place else (0.0, 0.0)
        return lower + (BOUNDS_SECONDS[place] - lower) * (wanted - below) / self._weights[place]

    def _weight(self, now: float) -> float:
        # So long after the last sample nothing is known any more, whatever the number; and it must stay one.
        return float(2 ** min((now - self._since) / HALF_LIFE_SECONDS, 1000.0))

    def _renew(self, now: float) -> None:
        weight = self._weight(now)
        self._weights = [each / weight for each in self._weights]
        self._since = now
