"""A slow start: an upstream that has just come back gets a tenth of its weight, and all of it ten seconds later.

Its caches and connections are cold, and whatever broke it may have been load.
Source: nginx and Envoy, “slow start mode”; linear, as with Envoy's aggression of 1.
"""

FIRST_SHARE = 0.1
RAMP_SECONDS = 10.0


class Ramp:
    """The share of its weight that an upstream gets after it came back."""

    __slots__ = ("since",)

    def __init__(self) -> None:
        self.since = float("-inf")

    def start(self, now: float) -> None:
        self.since = now

    def is_over(self, now: float) -> bool:
        return now - self.since >= RAMP_SECONDS

    def share(self, now: float) -> float:
        """From 0.1 to 1."""
        if self.is_over(now):
            return 1.0
        return FIRST_SHARE + (1 - FIRST_SHARE) * max(now - self.since, 0.0) / RAMP_SECONDS

    def stop(self) -> None:
        self.since = float("-inf")
