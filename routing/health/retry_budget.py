"""How many second tries at the same upstream there may be, so that a brown-out is not multiplied.

A tenth of the tries of the last ten seconds, or three at a time where there is little traffic. One that waits for its
turn counts as under way: forgotten, a thousand of them would wake together (envoyproxy/envoy#30205).
Source: Finagle, RetryBudget; Envoy, retry_budget with its min_retry_concurrency.
"""

from routing.health.window import Window

SHARE = 0.1
LEAST_CONCURRENT = 3
SPAN_SECONDS = 10.0


class Budget:
    """Of one upstream. take() before the pause; give_back() when the second try has ended or was given up."""

    __slots__ = ("tries", "under_way")

    def __init__(self) -> None:
        self.tries = Window(SPAN_SECONDS, 10)
        """Events are all tries begun here, the amount is how many of them were second ones."""
        self.under_way = 0

    def take(self, now: float) -> bool:
        """Whether a second try may be made."""
        self.tries.look(now)
        firsts = max(self.tries.events - self.tries.amount, 0)
        if self.under_way >= LEAST_CONCURRENT and self.tries.amount + 1 > SHARE * firsts:
            return False
        self.tries.add(now, 0, 1)
        self.under_way += 1
        return True

    def give_back(self) -> None:
        self.under_way -= 1
