"""Counters over the last seconds, in a ring of buckets: no list of times grows, whatever the traffic."""


class Window:
    """How many events the last seconds held, and the sum of their amounts.

    The bucket of the present is not full yet, so the window covers between `span_seconds` and one bucket less.
    """

    __slots__ = ("_amounts", "_bucket_seconds", "_ends", "_events", "_place", "amount", "events")

    def __init__(self, span_seconds: float, buckets: int) -> None:
        self._bucket_seconds = span_seconds / buckets
        self._events = [0] * buckets
        self._amounts = [0] * buckets
        self._place = 0
        self._ends = 0.0
        """When the bucket of the present does."""
        self.events = 0
        self.amount = 0
        """Both as of the last add() or look()."""

    def add(self, now: float, events: int, amount: int) -> None:
        if now >= self._ends:
            self.look(now)
        self.events += events
        self.amount += amount
        self._events[self._place] += events
        self._amounts[self._place] += amount

    def look(self, now: float) -> None:
        """Drop what is too old."""
        if now < self._ends:
            return
        passed = int((now - self._ends) / self._bucket_seconds) + 1
        for _ in range(min(passed, len(self._events))):
            self._place = (self._place + 1) % len(self._events)
            self.events -= self._events[self._place]
            self.amount -= self._amounts[self._place]
            self._events[self._place] = self._amounts[self._place] = 0
        self._ends += passed * self._bucket_seconds

    def clear(self) -> None:
        self._events = [0] * len(self._events)
        self._amounts = [0] * len(self._amounts)
        self.events = self.amount = 0
