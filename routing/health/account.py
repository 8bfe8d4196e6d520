"""What all upstreams of one provider share: a credential that may have to rest, and a cap on requests in flight."""

import random

from providers.errors import Condition
from routing.health.rest import Rest
from routing.health.standing import Cause, Standing


def full(in_flight: int) -> Standing:
    """Of one with as many requests in flight as it may have."""
    reason = f"{in_flight} requests in flight, as many as may be"
    return Standing(ok=False, condition=Condition.OVERLOADED, reason=reason, cause=Cause.FULL)


class Account:
    """Of one provider, in this process."""

    __slots__ = ("_credential", "cap", "in_flight", "is_calm", "renewed_at", "rest")

    def __init__(self, rng: random.Random, cap: int) -> None:
        self.rest = Rest(rng)
        self.cap = cap
        self.in_flight = 0
        self.is_calm = True
        """Nothing here speaks against its upstreams; False where that must be looked at."""
        self._credential: int | None = None
        """A mark of the one in use, never the credential."""
        self.renewed_at = float("-inf")
        """What was asked before tells of another credential."""

    def use(self, credential: int, now: float) -> None:
        """From now on this one is used, by a mark of it: another one's refusal says nothing of it."""
        if self._credential is not None and credential != self._credential:
            self.rest.clear()
            self.renewed_at = now
        self._credential = credential

    def objection(self, now: float) -> Standing | None:
        """What speaks against all its upstreams now."""
        if self.rest.is_on(now):
            return self.rest.standing(now)
        if self.in_flight >= self.cap:
            return full(self.in_flight)
        self.is_calm = True
        return None
