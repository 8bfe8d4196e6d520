"""Requests added up per target, minute and hour: what the dashboard reads instead of the requests themselves."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from operator import add
from typing import ClassVar, Final, NamedTuple

import msgspec

from history.costs import may_be_billed
from history.latency import BOUNDS_MS, COLUMNS
from history.records import Attempt, Exchange, Outcome
from providers.errors import ContentFiltered, ContextLengthExceeded, UpstreamRejected
from providers.pricing import Usage

# By identity, and by names of our own: an enumeration's members are hashed, and on some releases found, by Python code.
REFUSED: Final = Outcome.REFUSED
CANCELLED: Final = Outcome.CANCELLED
FAILED: Final = Outcome.FAILED
INTERRUPTED: Final = Outcome.INTERRUPTED

CALLERS_FAULTS = (UpstreamRejected, ContextLengthExceeded, ContentFiltered)
"""Failures in which an upstream found the fault in the request."""
CALLERS_CODES = {kind.code for kind in CALLERS_FAULTS}
CALLERS_CONDITIONS = {kind.condition for kind in CALLERS_FAULTS}

Number = int | float | Decimal


class Bucket(NamedTuple):
    """The key of a TargetStat. Sorts, so that all workers take their rows in one order and none waits in a circle."""

    resolution: str
    bucket_start: int
    """Seconds since the epoch."""
    alias: str
    provider: str
    model: str
    target_id: int


class Sums(msgspec.Struct):
    """What to add to each counter of a TargetStat."""

    attempts: int = 0
    attempt_failures: int = 0
    requests: int = 0
    errors: int = 0
    refused: int = 0
    cancelled: int = 0
    latency_ms_sum: float = 0.0
    first_byte_count: int = 0
    first_byte_ms_sum: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    unknown_costs: int = 0
    latencies: list[int] = msgspec.field(default_factory=lambda: [0] * len(COLUMNS))
    """By latency.COLUMNS."""

    COUNTERS: ClassVar[tuple[str, ...]]
    """The names of all but the latencies."""

    def counters(self) -> tuple[Number, ...]:
        """By COUNTERS."""
        return tuple(getattr(self, name) for name in self.COUNTERS)

    def add(self, other: "Sums") -> None:
        for name in self.COUNTERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.latencies = list(map(add, self.latencies, other.latencies))

    def count(self, requests: Sequence["Costed"]) -> None:
        """Requests that ended at this target: each counter for all of them at once, which is a third of the work."""
        rows = [row for row, _ in requests]
        self.requests += len(rows)
        # Whoever finds the fault in a request, we or the upstream, says nothing of the upstream by it.
        fair = [row for row in rows if row.error_code not in CALLERS_CODES and row.outcome is not REFUSED]
        self.refused += len(rows) - len(fair)
        self.errors += sum([row.outcome is FAILED or row.outcome is INTERRUPTED for row in fair])
        self.cancelled += sum([row.outcome is CANCELLED for row in rows])
        # Where nobody was asked it ended at once, which would make every upstream look fast.
        self._count_latencies([row.latency_ms for row in rows if row.attempts])
        first_bytes = [row.first_byte_ms for row in rows if row.first_byte_ms is not None]
        self.first_byte_count += len(first_bytes)
        self.first_byte_ms_sum += sum(first_bytes)
        self._count_usages([row.usage for row in rows if row.usage is not None])
        costs = [cost_usd for _, cost_usd in requests if cost_usd is not None]
        self.cost_usd = sum(costs, self.cost_usd)
        if len(costs) < len(rows):
            of_unknown_cost = [row for row, cost_usd in requests if cost_usd is None]
            self.unknown_costs += sum(row.usage is not None or _may_be_billed(row) for row in of_unknown_cost)

    def _count_latencies(self, latencies_ms: Sequence[float]) -> None:
        self.latency_ms_sum += sum(latencies_ms)
        latencies = self.latencies
        for latency_ms in latencies_ms:
            latencies[bisect_left(BOUNDS_MS, latency_ms)] += 1

    def _count_usages(self, usages: Sequence[Usage]) -> None:
        self.input_tokens += sum([usage.input_tokens for usage in usages])
        self.output_tokens += sum([usage.output_tokens for usage in usages])
        self.cached_input_tokens += sum([usage.cached_input_tokens for usage in usages])

    def count_attempts(self, attempts: Sequence[Attempt]) -> None:
        """Tries at this target."""
        self.attempts += len(attempts)
        failed = [attempt for attempt in attempts if attempt.outcome is FAILED or attempt.outcome is INTERRUPTED]
        self.attempt_failures += sum(attempt.condition not in CALLERS_CONDITIONS for attempt in failed)


Sums.COUNTERS = tuple(name for name in Sums.__struct_fields__ if name != "latencies")

Costed = tuple[Exchange, Decimal | None]
"""A request, and what it cost; None where nobody knows or nothing was used."""
Key = tuple[int, str, str, str, int]
"""A number of minutes or hours since the epoch, and the rest of a Bucket."""


def tally(requests: Iterable[Costed]) -> list[tuple[Bucket, Sums]]:
    """All counters that these requests move, in both resolutions, sorted by bucket."""
    ended: defaultdict[Key, list[Costed]] = defaultdict(list)
    tried: defaultdict[Key, list[Attempt]] = defaultdict(list)
    minutes: defaultdict[Key, Sums] = defaultdict(Sums)
    for costed in requests:
        row, _ = costed
        alias, last = row.alias, len(row.attempts)
        ended[int(row.started_at) // 60, alias, row.provider, row.model, row.target_id or 0].append(costed)
        for number, attempt in enumerate(row.attempts, 1):
            key = (int(attempt.started_at) // 60, alias, attempt.provider, attempt.model, attempt.target_id or 0)
            tried[key].append(attempt)
            if number < last and attempt.outcome is CANCELLED:
                minutes[key].unknown_costs += 1  # given up for a quicker one, and it may be billed
    for key, of_key in ended.items():
        minutes[key].count(of_key)
    for key, attempts in tried.items():
        minutes[key].count_attempts(attempts)
    hours: dict[Key, Sums] = {}
    for (minute, *rest), sums in minutes.items():
        hours.setdefault((minute // 60, *rest), Sums()).add(sums)  # type: ignore[arg-type]  # mypy forgets the length of `rest`
    return [*_buckets("hour", 3600, hours), *_buckets("minute", 60, minutes)]


def _buckets(resolution: str, seconds: int, sums: dict[Key, Sums]) -> list[tuple[Bucket, Sums]]:
    return [(Bucket(resolution, key[0] * seconds, *key[1:]), sums[key]) for key in sorted(sums)]


def _may_be_billed(row: Exchange) -> bool:
    return may_be_billed(outcome=row.outcome, error_code=row.error_code, tries=len(row.attempts))
