"""The counters of TargetStat, added up once more from the rows: by other code than that which counted them at first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from benchmarks.chaos.evidence import AttemptRow, RequestRow, StatRow

COUNTED_TWICE = ("requests", "attempts")
"""Counters of events. More of them than rows: something was counted twice."""
COUNTERS = (
    *COUNTED_TWICE,
    *(
        "errors",
        "refused",
        "cancelled",
        "attempt_failures",
        "input_tokens",
        "output_tokens",
        "cost_usd",
        "latency_ms_sum",
    ),
)
BROKEN = ("failed", "interrupted")
CALLERS_FAULT = "rejected"
"""The condition of a try that the upstream refused for what the caller wrote; as a request's code it has `upstream_` before it."""

Number = int | float | Decimal
Counters = dict[str, Number]


class Bucket(NamedTuple):
    """What a counter counts for."""

    resolution: str
    start: datetime
    alias: str
    provider: str
    model: str
    target_id: int


class Difference(NamedTuple):
    """A counter that is not what the rows add up to."""

    bucket: Bucket
    counter: str
    counted: Number
    of_rows: Number


def differences(
    requests: Sequence[RequestRow], attempts: Iterable[AttemptRow], statistics: Iterable[StatRow]
) -> list[Difference]:
    """All of them, in the order of their buckets."""
    counted = {
        Bucket(row.resolution, row.bucket_start, row.alias, row.provider, row.model, row.target_id): row
        for row in statistics
    }
    added = _added(requests, attempts)
    found = []
    for bucket in sorted(counted.keys() | added.keys()):
        for counter in COUNTERS:
            says, is_so = getattr(counted.get(bucket), counter, 0), added.get(bucket, {}).get(counter, 0)
            if not _is_same(says, is_so):
                found.append(Difference(bucket, counter, says, is_so))
    return found


def _is_same(one: Number, other: Number) -> bool:
    """Floats are added up in another order than they were at first."""
    if isinstance(one, float) or isinstance(other, float):
        return abs(float(one) - float(other)) <= 1e-6 * max(1.0, abs(float(one)))
    return one == other


def _added(requests: Sequence[RequestRow], attempts: Iterable[AttemptRow]) -> dict[Bucket, Counters]:
    added: dict[Bucket, Counters] = {}
    for row in requests:
        for bucket in _buckets(row.started_at, row.alias, row):
            _add(added.setdefault(bucket, {}), _of_request(row))
    aliases = {row.id: row.alias for row in requests}
    for attempt in attempts:
        for bucket in _buckets(attempt.started_at, aliases.get(attempt.request_id, ""), attempt):
            _add(added.setdefault(bucket, {}), _of_attempt(attempt))
    return added


def _buckets(at: datetime, alias: str, row: RequestRow | AttemptRow) -> tuple[Bucket, Bucket]:
    minute = at.replace(second=0, microsecond=0)
    target = (alias, row.provider, row.model, row.target_id or 0)
    return Bucket("minute", minute, *target), Bucket("hour", minute.replace(minute=0), *target)


def _of_request(row: RequestRow) -> Counters:
    is_callers = row.error_code == f"upstream_{CALLERS_FAULT}"
    return {
        "requests": 1,
        "errors": int(row.outcome in BROKEN and not is_callers),
        "refused": int(row.outcome == "refused" or is_callers),
        "cancelled": int(row.outcome == "cancelled"),
        "input_tokens": row.input_tokens or 0,
        "output_tokens": row.output_tokens or 0,
        "cost_usd": row.cost_usd or Decimal(0),
        "latency_ms_sum": row.latency_ms if row.attempt_count else 0.0,  # where nobody was asked, it ended at once
    }


def _of_attempt(row: AttemptRow) -> Counters:
    return {"attempts": 1, "attempt_failures": int(row.outcome in BROKEN and row.condition != CALLERS_FAULT)}


def _add(total: Counters, more: Counters) -> None:
    for name, number in more.items():
        total[name] = total.get(name, 0) + number  # type: ignore[operator]  # one counter is always of one type
