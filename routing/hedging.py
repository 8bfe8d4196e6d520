"""How many requests of an alias may be asked of a second upstream while the first is still at it.

A token bucket: each request earns N hundredths of a hedge, and a hedge takes a whole one. So in the long run at most N % of the
requests are asked twice; and no more than N % of the last minute's are saved up, or one, so that an hour in which nobody was
late is not followed by a minute in which everybody is asked twice.
Source: Dean, Barroso, “The tail at scale”, CACM 56 (2013); the bucket after Finagle's RetryBudget.
"""

from routing.health.window import Window

WHOLE = 100
"""A hedge, in hundredths: whole numbers add up exactly."""
SPAN_SECONDS = 60.0


class HedgeBudget:
    """Of one alias, in one process."""

    __slots__ = ("_requests", "_saved")

    def __init__(self) -> None:
        self._requests = Window(SPAN_SECONDS, 12)
        """Events are requests."""
        self._saved = 0
        """Hundredths of a hedge."""

    def earn(self, now: float, percent: int) -> None:
        """A request has come."""
        self._requests.add(now, 1, 0)
        self._saved = min(self._saved + percent, self._most(percent))

    def can_take(self, now: float, percent: int) -> bool:
        """Whether one may be asked of a second upstream, now."""
        self._requests.look(now)
        self._saved = min(self._saved, self._most(percent))
        return self._saved >= WHOLE

    def take(self) -> None:
        """One is. Ask can_take() first, in the same moment."""
        self._saved -= WHOLE

    def _most(self, percent: int) -> int:
        return max(WHOLE, percent * self._requests.events)


class HedgeBudgets:
    """By the alias's number. Only aliases that hedge have one."""

    __slots__ = ("_budgets",)

    def __init__(self) -> None:
        self._budgets: dict[int, HedgeBudget] = {}

    def of(self, alias_id: int) -> HedgeBudget:
        """Made when it is first asked for."""
        budget = self._budgets.get(alias_id)
        if budget is None:
            budget = self._budgets[alias_id] = HedgeBudget()
        return budget
