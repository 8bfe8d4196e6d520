"""Sums of requests by the key that they came with, in one query: counted as the dashboard's counters are, see history.statistics."""

from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from history.costs import UNBILLED
from history.figures import Sums
from history.models import RequestLog
from history.records import Outcome
from history.statistics import CALLERS_CODES

REFUSED = Q(outcome=Outcome.REFUSED) | Q(error_code__in=CALLERS_CODES)
FAILED = Q(outcome__in=[Outcome.FAILED, Outcome.INTERRUPTED]) & ~Q(error_code__in=CALLERS_CODES)
MAY_BE_BILLED = (
    Q(attempt_count__gt=0) & ~Q(outcome=Outcome.REFUSED) & ~Q(outcome=Outcome.FAILED, error_code__in=UNBILLED)
)
"""history.costs.may_be_billed, where the rows are."""
OF_UNKNOWN_COST = Q(cost_usd=None) & (Q(input_tokens__isnull=False) | MAY_BE_BILLED)

SUMS: dict[str, Any] = {  # Any: Count and Sum
    "requests": Count("pk"),
    "errors": Count("pk", filter=FAILED),
    "refused": Count("pk", filter=REFUSED),
    "cancelled": Count("pk", filter=Q(outcome=Outcome.CANCELLED)),
    **{name: Sum(name, default=0) for name in ("input_tokens", "output_tokens", "cost_usd")},
    "unknown_costs": Count("pk", filter=OF_UNKNOWN_COST),
}


def by_key(requests: "QuerySet[RequestLog]") -> list[Sums]:
    """One row per key with a `key_id`, a `key_name` and sums, the busiest first. `requests`: a stretch of at most LONGEST."""
    # Django keeps a field's own name from being that of its sum.
    named = {f"sum_{name}": one for name, one in SUMS.items()}
    groups = requests.order_by().values("key_id", "key_name").annotate(**named)
    rows = [{name.removeprefix("sum_"): value for name, value in row.items()} for row in groups]
    return sorted(rows, key=lambda row: (-row["requests"], row["key_name"], row["key_id"] or 0))
