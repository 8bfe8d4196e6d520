"""The start page of the admin: what goes through, how fast, and at what price.

Reads statistics only, never requests: but for the sums by client key, when somebody asks for these.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, Case, F, Func, QuerySet, Sum, Value, When
from django.db.models.functions import Concat
from django.db.models.sql.compiler import SQLCompiler
from django.http import HttpRequest
from django.utils import timezone

from history import charts, comparison, figures, periods, tables
from history.ids import first_id_at
from history.keys.store import by_key
from history.keys.table import KeyTable, keys
from history.models import RequestLog, TargetStat
from history.periods import Window
from history.scope import DIRECT, UNRESOLVED, Scope, scope_of, unknown_period

MOST_ROWS = 50

ALIAS = Case(When(alias__gt="", then=F("alias")), When(provider__gt="", then=Value(DIRECT)), default=Value(UNRESOLVED))
TARGET = Case(When(provider__gt="", then=Concat("provider", Value("/"), "model")), default=Value(""))
"""As history.scope.alias_of and target_of name a row."""


class StepNumber(Func):
    """Of the step that a bucket_start belongs to: history.periods.step_number, done where the rows are.

    Thirty days then come as 30 rows and not as 720. Buckets begin at whole seconds.
    """

    output_field = BigIntegerField()

    def __init__(self, step: timedelta) -> None:
        super().__init__(F("bucket_start"))
        self.extra["seconds"] = int(step.total_seconds())

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> Any:  # Any: Django's
        # %% for this template, and each of the two again for the driver, which puts in the parameters.
        return self.as_sql(
            compiler,
            connection,
            template="(CAST(strftime('%%%%s', %(expressions)s) AS INTEGER) / %(seconds)s)",
            **extra,
        )

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> Any:  # Any: as above
        return self.as_sql(
            compiler, connection, template="(EXTRACT(EPOCH FROM %(expressions)s)::bigint / %(seconds)s)", **extra
        )


Context = dict[str, Any]  # Any: a template's context
Row = dict[str, Any]  # Any: names, times and numbers
Stats = QuerySet[TargetStat]


def callback(request: HttpRequest, context: Context) -> Context:
    """Unfold's DASHBOARD_CALLBACK: puts `dashboard` into the context of the index page, for those who may see it."""
    if request.user.has_perm("history.view_requestlog"):
        context["dashboard"] = dashboard(scope_of(request.GET, comparison.MEASURES), timezone.now())
        context["unknown_period"] = unknown_period(request.GET)
        context["gateway_url"] = request.build_absolute_uri("/v1/chat/completions")
    return context


def dashboard(scope: Scope, now: datetime) -> Context:
    """All that the page shows: four queries, or three where there is nothing to compare; and one for the sums by key."""
    window = periods.window(scope.period, now)
    stats = TargetStat.objects.filter(resolution=scope.period.resolution)
    # Up to now: another host's clock may run ahead of ours, and a minute may end while we look.
    current = stats.filter(bucket_start__gte=window.start, bucket_start__lte=window.end)
    current = current.annotate(step=StepNumber(scope.period.step))
    earlier = stats.filter(bucket_start__gte=window.earlier_start, bucket_start__lt=window.earlier_end)
    steps = charts.by_step(window, _summed(current.filter(**scope.conditions), "step"))
    by_target = _summed(current, "alias", "provider", "model")
    before = _plain(earlier.filter(**scope.conditions).aggregate(**_sums()))
    totals = figures.total_of(steps)
    usual, wide = charts.charts(steps), _wide_charts(scope, window, current, steps, by_target)
    return {
        "scope": scope,
        "periods": [(period.name, replace(scope, period=period).address) for period in periods.PERIODS.values()],
        "period": scope.period,
        "chosen": _chosen(scope),
        "everything": Scope(period=scope.period, measure=scope.measure, by_key=scope.by_key).address,
        "is_new": not totals["requests"] and not before["requests"] and not TargetStat.objects.exists(),
        "is_empty": not totals["requests"] and not totals["attempts"],
        "cards": figures.cards(totals, before),
        "charts": usual,
        "wide_charts": wide,
        "measures": comparison.switch(scope),
        "drawn": {
            "labels": charts.labels(scope.period, window.steps),
            "charts": [asdict(chart) for chart in (*usual, *wide)],
        },
        "tables": [
            tables.aliases(scope, by_target, MOST_ROWS),
            tables.targets(scope, by_target, MOST_ROWS),
        ],
        "keys": _keys(scope, window) if scope.by_key else None,
        "keys_address": replace(scope, by_key=True).address,
    }


def _keys(scope: Scope, window: Window) -> KeyTable:
    """Of the requests that the page is about."""
    stretch = RequestLog.objects.filter(id__gte=first_id_at(window.start), started_at__lte=window.end)
    return keys(by_key(stretch.filter(**scope.conditions)), MOST_ROWS)


def numbers(scope: Scope, now: datetime) -> Row:
    """What the page shows, as sums and nothing else: in all, in the period before, per step of time, and per alias and target."""
    window = periods.window(scope.period, now)
    stats = TargetStat.objects.filter(resolution=scope.period.resolution, **scope.conditions)
    current = stats.filter(bucket_start__gte=window.start, bucket_start__lte=window.end)
    earlier = stats.filter(bucket_start__gte=window.earlier_start, bucket_start__lt=window.earlier_end)
    steps = charts.by_step(window, _summed(current.annotate(step=StepNumber(scope.period.step)), "step"))
    return {
        "window": window,
        "total": figures.total_of(steps),
        "before": _plain(earlier.aggregate(**_sums())),
        "steps": steps,
        "by_target": _summed(current, "alias", "provider", "model"),
    }


def _chosen(scope: Scope) -> list[Row]:
    """What the page is narrowed to, and where it shows all of that kind again."""
    parts = [
        {"kind": "alias", "name": scope.alias, "all": replace(scope, alias="").address},
        {"kind": "target", "name": scope.target, "all": replace(scope, target="").address},
    ]
    return [{**part, "name": comparison.shown(part["name"])} for part in parts if part["name"]]


def _wide_charts(
    scope: Scope, window: Window, current: Stats, steps: list[Row], by_target: list[Row]
) -> list[charts.Chart]:
    """The comparison, unless alias and target are chosen: then nothing is left to compare. The tries of a target."""
    tries = [charts.tries(steps)] if scope.target else []
    if scope.alias and scope.target:
        return tries
    names = comparison.largest(scope, (row for row in by_target if scope.covers(row)))
    named = (
        current.filter(**scope.conditions).annotate(series=TARGET if scope.alias else ALIAS).filter(series__in=names)
    )
    rows = _summed(named, "step", "series", counters=comparison.MEASURES[scope.measure].counters)
    return [comparison.comparison(scope, window, names=names, rows=rows, steps=steps), *tries]


def _summed(stats: Stats, *groups: str, counters: Sequence[str] = figures.SUMMED) -> list[Row]:
    """One row of sums per group, under the names of the counters."""
    return [_plain(row) for row in stats.order_by().values(*groups).annotate(**_sums(counters))]


def _sums(counters: Sequence[str] = figures.SUMMED) -> dict[str, Sum]:
    # Django keeps a field's own name from being that of its sum.
    return {f"sum_{name}": Sum(name, default=0) for name in counters}


def _plain(row: Row) -> Row:
    return {name.removeprefix("sum_"): value for name, value in row.items()}
