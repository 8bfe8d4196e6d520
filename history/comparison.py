"""The aliases, or the targets of one of them, beside each other over time: by requests, errors, latency, tokens or cost."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from history import charts, latency
from history.charts import Chart
from history.figures import Sums, known_usd, tokens, total_of
from history.periods import Window
from history.scope import DIRECT, UNRESOLVED, Scope, alias_of, target_of

COLOURS: Final = ("primary", "violet", "blue", "orange", "pink", "lime")
"""One per series; never red, which says that something failed."""
OTHERS: Final = "all others"
"""Neither an alias nor a target can be called so: it has a space and no slash."""
NO_TARGET: Final = "no target"
SHOWN: Final = {DIRECT: "direct, no alias", UNRESOLVED: "refused, no alias"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What is compared."""

    label: str
    unit: str
    """See Chart.unit."""
    counters: Sequence[str]
    """What it is made of: all that is read."""
    of: Callable[[Sums], float | None]
    rank: Callable[[Sums], float]
    """Those for whom it is largest have a series of their own."""
    kind: str = "bar"


def _requests(sums: Sums) -> float:
    return float(sums["requests"])


def _errors(sums: Sums) -> float:
    return float(sums["errors"])


def _p95(sums: Sums) -> float | None:
    return latency.percentile_ms(sums, 0.95)


def _known_usd_or_none_spent(sums: Sums) -> float:
    return known_usd(sums) or 0.0


MEASURES: Final = {
    "requests": Measure(label="Requests", unit="count", counters=("requests",), of=_requests, rank=_requests),
    "errors": Measure(label="Errors", unit="count", counters=("errors",), of=_errors, rank=_errors),
    "latency": Measure(
        label="Latency p95", unit="ms", counters=latency.COLUMNS, of=_p95, rank=_requests, kind="line"
    ),
    "tokens": Measure(label="Tokens", unit="count", counters=("input_tokens", "output_tokens"), of=tokens, rank=tokens),
    "cost": Measure(
        label="Cost", unit="usd", counters=("cost_usd", "unknown_costs"), of=known_usd, rank=_known_usd_or_none_spent
    ),
}  # fmt: skip
"""Name in the address -> what it is. A new one is one line."""


def name_of(scope: Scope, row: Sums) -> str:
    """Of the series that a row belongs to: its alias, or its target where one alias is shown."""
    return target_of(row) if scope.alias else alias_of(row)


def largest(scope: Scope, rows: Iterable[Sums]) -> list[str]:
    """Names of those that get a series of their own, the largest first."""
    grouped: dict[str, list[Sums]] = {}
    for row in rows:
        grouped.setdefault(name_of(scope, row), []).append(row)
    rank = MEASURES[scope.measure].rank
    ranks = {name: rank(total_of(rows_of_name)) for name, rows_of_name in grouped.items()}
    return sorted(ranks, key=lambda name: (-ranks[name], name))[: len(COLOURS)]


def comparison(
    scope: Scope, window: Window, *, names: Sequence[str], rows: Iterable[Sums], steps: Sequence[Sums]
) -> Chart:
    """`rows` have the number of a `step` and one of `names` as their `series`; `steps` are the sums of all."""
    measure = MEASURES[scope.measure]
    grouped: dict[str, list[Sums]] = {name: [] for name in names}
    for row in rows:
        grouped[row["series"]].append(row)
    counters = measure.counters
    sums = {shown(name): charts.by_step(window, of_name, counters) for name, of_name in grouped.items()}
    others = _without(counters, steps, sums.values())
    if any(any(step.values()) for step in others):
        sums[OTHERS] = others
    return Chart(
        name="compare",
        title="By target" if scope.alias else "By alias",
        kind=measure.kind,
        unit=measure.unit,
        series={label: [measure.of(step) for step in of_label] for label, of_label in sums.items()},
        colours=[*COLOURS[: len(names)], *(["grey"] if OTHERS in sums else [])],
        addresses={shown(name): narrowed(scope, name).address for name in names if name},
    )


def _without(
    counters: Sequence[str], steps: Sequence[Sums], parts: Iterable[Sequence[Sums]]
) -> list[dict[str, Any]]:  # Any: see Sums
    """What remains of each step when all parts are taken from it. Never less than nothing: parts are read a moment later."""
    of_parts = [total_of(parts_of_step, counters) for parts_of_step in zip(*parts, strict=True)] or [
        dict.fromkeys(counters, 0) for _ in steps
    ]
    return [
        {name: max(0, step[name] - taken[name]) for name in counters}
        for step, taken in zip(steps, of_parts, strict=True)
    ]


def shown(name: str) -> str:
    return SHOWN.get(name, name) or NO_TARGET


def narrowed(scope: Scope, name: str) -> Scope:
    """To one of the series."""
    return replace(scope, target=name) if scope.alias else replace(scope, alias=name)


def switch(scope: Scope) -> list[Mapping[str, Any]]:  # Any: texts and a truth
    """The measures to choose from."""
    return [
        {"label": measure.label, "address": replace(scope, measure=name).address, "is_chosen": name == scope.measure}
        for name, measure in MEASURES.items()
    ]
