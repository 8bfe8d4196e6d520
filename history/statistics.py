"""Requests added up per target, minute and hour: what the dashboard reads instead of the requests themselves."""

from bisect import bisect_left
from collections.abc import Iterable
from decimal import Decimal
from operator import add
from typing import ClassVar, Final, NamedTuple

import msgspec

from history.costs import may_be_billed
from history.latency import BOUNDS_MS, COLUMNS
from history.records import Attempt, Exchange, Outcome
from providers.errors import ContentFiltered, ContextLengthExceeded, UpstreamRejected

ERRORS: Final = {Outcome.FAILED, Outcome.INTERRUPTED}
"""Outcomes that are not the client's own doing."""

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

    def count(self, row: Exchange, cost_usd: Decimal | None) -> None:
        """A request. `cost_usd`: None where nobody knows, or nothing was used."""
        outcome, usage = row.outcome, row.usage
        self.requests += 1
        # Whoever finds the fault in a request, we or the upstream, says nothing of the upstream by it.
        if outcome is Outcome.REFUSED or row.error_code in CALLERS_CODES:
            self.refused += 1
        elif outcome in ERRORS:
            self.errors += 1
        if outcome is Outcome.CANCELLED:
            self.cancelled += 1
        if outcome is not Outcome.REFUSED:
            # What we refuse is refused at once, and would make every upstream look fast.
            self.latency_ms_sum += row.latency_ms
            self.latencies[bisect_left(BOUNDS_MS, row.latency_ms)] += 1
        if row.first_byte_ms is not None:
            self.first_byte_count += 1
            self.first_byte_ms_sum += row.first_byte_ms
        if usage is not None:
            self.input_tokens += usage.input_tokens
            self.output_tokens += usage.output_tokens
            self.cached_input_tokens += usage.cached_input_tokens
        if cost_usd is not None:
            self.cost_usd += cost_usd
        elif usage is not None or _may_be_billed(row):
            self.unknown_costs += 1

    def count_attempt(self, attempt: Attempt) -> None:
        """A try."""
        self.attempts += 1
        if attempt.outcome in ERRORS and attempt.condition not in CALLERS_CONDITIONS:
            self.attempt_failures += 1


Sums.COUNTERS = tuple(name for name in Sums.__struct_fields__ if name != "latencies")

Costed = tuple[Exchange, Decimal | None]
"""A request, and what it cost; None where nobody knows or nothing was used."""
Key = tuple[int, str, str, str, int]
"""A number of minutes or hours since the epoch, and the rest of a Bucket."""


def tally(requests: Iterable[Costed]) -> list[tuple[Bucket, Sums]]:
    """All counters that these requests move, in both resolutions, sorted by bucket."""
    minutes: dict[Key, Sums] = {}
    for row, cost_usd in requests:
        alias = row.alias
        key = (int(row.started_at) // 60, alias, row.provider, row.model, row.target_id or 0)
        (minutes.get(key) or minutes.setdefault(key, Sums())).count(row, cost_usd)
        for attempt in row.attempts:
            key = (int(attempt.started_at) // 60, alias, attempt.provider, attempt.model, attempt.target_id or 0)
            sums = minutes.get(key) or minutes.setdefault(key, Sums())
            sums.count_attempt(attempt)
            if attempt.outcome is Outcome.CANCELLED and attempt is not row.attempts[-1]:
                sums.unknown_costs += 1  # given up for a quicker one, and it may be billed
    hours: dict[Key, Sums] = {}
    for (minute, *rest), sums in minutes.items():
        hours.setdefault((minute // 60, *rest), Sums()).add(sums)  # type: ignore[arg-type]  # mypy forgets the length of `rest`
    return [*_buckets("hour", 3600, hours), *_buckets("minute", 60, minutes)]


def _buckets(resolution: str, seconds: int, sums: dict[Key, Sums]) -> list[tuple[Bucket, Sums]]:
    return [(Bucket(resolution, key[0] * seconds, *key[1:]), sums[key]) for key in sorted(sums)]


def _may_be_billed(row: Exchange) -> bool:
    return may_be_billed(outcome=row.outcome, error_code=row.error_code, tries=len(row.attempts))
