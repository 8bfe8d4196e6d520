"""What has been counted since the start. Plain numbers: noting an exchange costs about a microsecond.

prometheus_client's own counters take a lock and a label lookup each, ten times over for one exchange; here it only writes
the text (exposition.py). Names come from configuration alone, never from what a client sent, so there are only so many.
"""

from bisect import bisect_left

import msgspec

from history.records import Exchange

BOUNDS_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
BOUNDS_MS = tuple(seconds * 1000 for seconds in BOUNDS_SECONDS)
MOST_SERIES = 10_000
"""Renamed and deleted aliases stay counted until the process ends: beyond so many, new ones are counted together."""
OTHER = "(other)"

RequestKey = tuple[str, str, str, int, str]
"""Alias, provider, model, first digit of the status, outcome."""
ModelKey = tuple[str, str]
"""Provider, model."""


class Counts(msgspec.Struct, array_like=True):
    """Of one kind of request."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    reasoning_tokens: int = 0

    def add(self, other: "Counts") -> None:
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class Spread(msgspec.Struct, array_like=True):
    """How long something took: how often within each bound, the last beyond all, and the sum."""

    buckets: list[int] = msgspec.field(default_factory=lambda: [0] * (len(BOUNDS_MS) + 1))
    sum_ms: float = 0.0

    def add(self, other: "Spread") -> None:
        self.buckets = [ours + theirs for ours, theirs in zip(self.buckets, other.buckets, strict=True)]
        self.sum_ms += other.sum_ms


class Times(msgspec.Struct, array_like=True):
    """Of one model's answers."""

    whole: Spread = msgspec.field(default_factory=Spread)
    first_byte: Spread = msgspec.field(default_factory=Spread)

    def note(self, whole_ms: float, first_byte_ms: float | None) -> None:
        spread = self.whole
        spread.buckets[bisect_left(BOUNDS_MS, whole_ms)] += 1
        spread.sum_ms += whole_ms
        if first_byte_ms is not None:
            spread = self.first_byte
            spread.buckets[bisect_left(BOUNDS_MS, first_byte_ms)] += 1
            spread.sum_ms += first_byte_ms


class Totals(msgspec.Struct):
    """All that is counted of exchanges, of one process or of several together."""

    requests: dict[RequestKey, Counts] = msgspec.field(default_factory=dict)
    times: dict[ModelKey, Times] = msgspec.field(default_factory=dict)
    refused: dict[str, int] = msgspec.field(default_factory=dict)
    """By code: connections that were refused before there was a request."""
    hedges: dict[tuple[str, str], int] = msgspec.field(default_factory=dict)
    """By alias, and who answered of the two: `first`, `second` or `neither`."""
    shed: int = 0
    """Requests that were refused because the event loop was late."""

    def note(self, exchange: Exchange) -> None:
        """Count an exchange that has ended."""
        key = (exchange.alias, exchange.provider, exchange.model, exchange.status // 100, str(exchange.outcome))
        counts = self.requests.get(key) or self._counts(key)
        counts.requests += 1
        usage = exchange.usage
        if usage is not None:
            counts.input_tokens += usage.input_tokens or 0
            counts.output_tokens += usage.output_tokens or 0
            counts.cached_input_tokens += usage.cached_input_tokens or 0
            counts.reasoning_tokens += usage.reasoning_tokens or 0
        if not exchange.attempts:
            return  # nobody was asked: how fast we refuse says nothing about anybody
        times = self.times.get(key[1:3]) or self._times(key[1:3])
        times.note(exchange.latency_ms, exchange.first_byte_ms)

    def note_hedge(self, alias: str, answered: str) -> None:
        """Count a request of which a second upstream was asked while the first was late."""
        key = (alias, answered)
        if key not in self.hedges and len(self.hedges) >= MOST_SERIES:
            key = (OTHER, answered)
        self.hedges[key] = self.hedges.get(key, 0) + 1

    def note_refused(self, code: str) -> None:
        """Count a connection that was refused before there was a request."""
        self.refused[code] = self.refused.get(code, 0) + 1

    def _counts(self, key: RequestKey) -> Counts:
        if len(self.requests) >= MOST_SERIES:
            key = (OTHER, OTHER, OTHER, *key[3:])
        return self.requests.setdefault(key, Counts())

    def _times(self, key: ModelKey) -> Times:
        if len(self.times) >= MOST_SERIES:
            key = (OTHER, OTHER)
        return self.times.setdefault(key, Times())

    def add(self, other: "Totals") -> None:
        """Count another process's with these."""
        for request_key, counts in other.requests.items():
            self._counts(request_key).add(counts)
        for model_key, times in other.times.items():
            ours = self._times(model_key)
            ours.whole.add(times.whole)
            ours.first_byte.add(times.first_byte)
        for (alias, answered), number in other.hedges.items():
            self.hedges[alias, answered] = self.hedges.get((alias, answered), 0) + number
        self.shed += other.shed
        for code, number in other.refused.items():
            self.refused[code] = self.refused.get(code, 0) + number


TOTALS = Totals()
"""Of this process."""
