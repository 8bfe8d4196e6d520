"""Requests added up per target, minute and hour: what the dashboard reads instead of the requests themselves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from history.costs import may_be_billed
from history.latency import column_of
from history.records import Outcome
from history.rows import AttemptRow, Row, moment
from providers.errors import ContentFiltered, ContextLengthExceeded, UpstreamRejected

ERRORS = {Outcome.FAILED, Outcome.INTERRUPTED}
"""Outcomes that are not the client's own doing."""

CALLERS_FAULTS = (UpstreamRejected, ContextLengthExceeded, ContentFiltered)
"""Failures in which an upstream found the fault in the request."""
CALLERS_CODES = {kind.code for kind in CALLERS_FAULTS}
CALLERS_CONDITIONS = {kind.condition for kind in CALLERS_FAULTS}

Number = int | float | Decimal
Counts = dict[str, Number]
"""What to add to each counter of TargetStat; those left out do not change."""


class Bucket(NamedTuple):
    """The key of a TargetStat. Sorts, so that all workers take their rows in one order and none waits in a circle."""

    resolution: str
    bucket_start: datetime
    alias: str
    provider: str
    model: str
    target_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Costed:
    """A row, and what it cost; None where nobody knows or nothing was used."""

    row: Row
    cost_usd: Decimal | None


def tally(requests: Iterable[Costed]) -> dict[Bucket, Counts]:
    """All counters that these requests move, in both resolutions, sorted by bucket."""
    tallied: dict[Bucket, Counts] = {}
    for request in requests:
        row = request.row
        for bucket in _buckets(row["started_at"], row["alias"], row["provider"], row["model"], row["target_id"]):
            _add(tallied.setdefault(bucket, {}), _of_request(request))
        for attempt in row["attempts"]:
            where = (attempt["provider"], attempt["model"], attempt["target_id"])
            for bucket in _buckets(attempt["started_at"], row["alias"], *where):
                _add(tallied.setdefault(bucket, {}), _of_attempt(attempt))
    return dict(sorted(tallied.items()))


def _buckets(started_at: float, alias: str, provider: str, model: str, target_id: int | None) -> Sequence[Bucket]:
    minute = moment(started_at).replace(second=0, microsecond=0)
    rest = (alias, provider, model, target_id or 0)
    return Bucket("minute", minute, *rest), Bucket("hour", minute.replace(minute=0), *rest)


def _of_request(request: Costed) -> Counts:
    row = request.row
    outcome, usage, first_byte_ms = row["outcome"], row["usage"], row["first_byte_ms"]
    is_callers = row["error_code"] in CALLERS_CODES
    counts: Counts = {
        "requests": 1,
        "errors": int(outcome in ERRORS and not is_callers),
        # Whoever finds the fault in a request, we or the upstream, says nothing of the upstream by it.
        "refused": int(outcome == Outcome.REFUSED or is_callers),
        "cancelled": int(outcome == Outcome.CANCELLED),
    }
    if outcome != Outcome.REFUSED:
        # What we refuse is refused at once, and would make every upstream look fast.
        counts |= {"latency_ms_sum": row["latency_ms"], column_of(row["latency_ms"]): 1}
    if first_byte_ms is not None:
        counts |= {"first_byte_count": 1, "first_byte_ms_sum": first_byte_ms}
    if usage is not None:
        counts |= {name: usage[name] for name in ("input_tokens", "output_tokens", "cached_input_tokens")}
        counts["cost_usd"] = request.cost_usd or Decimal(0)
    if request.cost_usd is None and (usage is not None or _may_be_billed(row)):
        counts["unknown_costs"] = 1
    return counts


def _of_attempt(attempt: AttemptRow) -> Counts:
    is_callers = attempt["condition"] in CALLERS_CONDITIONS
    return {"attempts": 1, "attempt_failures": int(attempt["outcome"] in ERRORS and not is_callers)}


def _may_be_billed(row: Row) -> bool:
    return may_be_billed(outcome=row["outcome"], error_code=row["error_code"], tries=len(row["attempts"]))


def _add(total: Counts, more: Counts) -> None:
    for name, number in more.items():
        total[name] = total.get(name, 0) + number  # type: ignore[operator]  # one counter is always of one type
