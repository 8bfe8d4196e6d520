"""The start page of the admin: what goes through, how fast, and at what price. Reads statistics only, never requests."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db.models import QuerySet, Sum
from django.http import HttpRequest
from django.utils import timezone

from history import figures, periods
from history.models import TargetStat
from history.periods import Period

MOST_ALIASES = 12
MOST_TARGETS = 20

Context = dict[str, Any]  # Any: a template's context
Row = dict[str, Any]  # Any: names, times and numbers


def callback(request: HttpRequest, context: Context) -> Context:
    """Unfold's DASHBOARD_CALLBACK: puts `dashboard` into the context of the index page, for those who may see it."""
    if request.user.has_perm("history.view_requestlog"):
        period = periods.PERIODS.get(request.GET.get("period", ""), periods.DEFAULT)
        context["dashboard"] = dashboard(period, timezone.now())
        context["gateway_url"] = request.build_absolute_uri("/v1/chat/completions")
    return context


def dashboard(period: Period, now: datetime) -> Context:
    """All that the page shows of one period: three queries."""
    window = periods.window(period, now)
    stats = TargetStat.objects.filter(resolution=period.resolution)
    current = stats.filter(bucket_start__gte=window.start)
    by_time = _summed(current, "bucket_start")
    by_target = _summed(current, "alias", "provider", "model")
    earlier = stats.filter(bucket_start__gte=window.earlier_start, bucket_start__lt=window.earlier_end)
    before = _plain(earlier.aggregate(**_sums()))
    totals = figures.total_of(by_time)
    charts = figures.charts(window, by_time)
    return {
        "periods": list(periods.PERIODS.values()),
        "period": period,
        "is_new": not totals["requests"] and not before["requests"] and not TargetStat.objects.exists(),
        "cards": figures.cards(totals, before),
        "charts": charts,
        "drawn": {"labels": figures.labels(period, window.steps), "charts": [asdict(chart) for chart in charts]},
        "aliases": figures.alias_rows(by_target, MOST_ALIASES),
        "targets": figures.target_rows(by_target, MOST_TARGETS),
    }


def _summed(stats: "QuerySet[TargetStat]", *groups: str) -> list[Row]:
    """One row of sums per group, under the names of the counters."""
    return [_plain(row) for row in stats.order_by().values(*groups).annotate(**_sums())]


def _sums() -> dict[str, Sum]:
    # Django keeps a field's own name from being that of its sum.
    return {f"sum_{name}": Sum(name, default=0) for name in figures.SUMMED}


def _plain(row: Row) -> Row:
    return {name.removeprefix("sum_"): value for name, value in row.items()}
