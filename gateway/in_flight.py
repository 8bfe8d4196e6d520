"""The exchanges that this process is working on: how many there may be, what their bodies take, and how they end with it."""

from __future__ import annotations

import asyncio
import math
import random
import sys

import msgspec

from gateway.errors import Overloaded
from gateway.loop_lag import LoopLag
from gateway.metrics.totals import TOTALS

RETRY_SECONDS = (1, 3)
"""When to come back, drawn anew for each: all at once would only be refused again."""


class Intake(msgspec.Struct, frozen=True, kw_only=True):
    """What one process takes in at most. Read once, at its start: a setting costs more to read than a header."""

    exchanges: int = sys.maxsize
    """At once."""
    request_bytes: int = sys.maxsize
    """Of one body."""
    bodies_bytes: int = sys.maxsize
    """Of all bodies that are held at once."""
    body_seconds: float = 60.0
    """How long a body may take to arrive."""
    lag_seconds: float = math.inf
    """How late the event loop may be, for a while, before new requests are refused."""


class InFlight:
    """Counts of this process."""

    def __init__(self) -> None:
        self.rng = random.Random()
        self.intake = Intake()
        self.lag = LoopLag()
        self.tasks: set[asyncio.Task[object]] = set()
        """One for each exchange, from the reading of its body to the end of its answer. Whoever has entered takes it out."""
        self.body_bytes = 0
        """Of the request bodies that are held now, as they arrived. Whoever holds them takes them off again.

        Working on one takes up to three times as much.
        """
        self.is_draining = False
        """Whether the process is on its way out: what runs may end, and connections are not kept."""
        self.is_cut = False
        """Whether the time for that is over, and whatever is cancelled is cancelled by us."""

    def __len__(self) -> int:
        return len(self.tasks)

    def enter(self, task: asyncio.Task[object]) -> None:
        """Take on one more exchange. Raises Overloaded."""
        if self.lag.is_lasting:
            raise self.shed()
        most = self.intake.exchanges
        if len(self.tasks) >= most:
            raise self._overloaded(f"The gateway works on {most} requests already (PLEXUS_MAX_IN_FLIGHT).")
        self.tasks.add(task)

    def hold(self, size: int) -> None:
        """Hold so many more bytes of a body. Raises Overloaded, and holds none of them."""
        if self.body_bytes + size > self.intake.bodies_bytes:
            raise self._overloaded("The bodies of other requests fill the gateway's memory (PLEXUS_MAX_BODIES_BYTES).")
        self.body_bytes += size

    def shed(self) -> Overloaded:
        """What one more request is told while the event loop is late: those that run need all of it. It is counted."""
        TOTALS.shed += 1
        return self._overloaded("The gateway is behind with the requests that it has (PLEXUS_SHED_LAG_MS).")

    def _overloaded(self, why: str) -> Overloaded:
        return Overloaded(why, retry_after_seconds=self.rng.randint(*RETRY_SECONDS))

    def cut(self) -> None:
        """End every exchange now. Each tells its client, as well as it still can."""
        self.is_cut = True
        for task in list(self.tasks):
            task.cancel()

    def begin(self, intake: Intake) -> None:
        """A process, or a test, starts to serve."""
        self.is_draining = self.is_cut = False
        self.intake = intake
        self.lag.begin(intake.lag_seconds)


IN_FLIGHT = InFlight()
