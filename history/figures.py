"""From sums of TargetStat to what the dashboard shows: cards, charts and tables."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from history import latency
from history.periods import Period, Window
from history.shown import NONE, shown_count, shown_duration, shown_share, shown_usd

SUMMED: Final = (
    *("requests", "errors", "refused", "cancelled", "attempts", "attempt_failures"),
    *("input_tokens", "output_tokens", "cost_usd", "unknown_costs"),
    *latency.COLUMNS,
)
"""The counters that the dashboard reads."""

NO_ALIAS: Final = "no alias"

Sums = Mapping[str, Any]  # Any: int, or Decimal for cost_usd
"""Counter -> sum."""


def total_of(rows: Iterable[Sums]) -> dict[str, Any]:  # Any: see Sums
    """All rows added up."""
    total: dict[str, Any] = dict.fromkeys(SUMMED, 0)
    for row in rows:
        for name in SUMMED:
            total[name] += row[name] or 0
    return total


def ratio(part: float, whole: float) -> float | None:
    """None where there is no whole."""
    return part / whole if whole else None


def error_rate(sums: Sums) -> float | None:
    """Of the requests that reached an upstream: what we refused says nothing about any."""
    return ratio(sums["errors"], sums["requests"] - sums["refused"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One number, and how it compares with the period before."""

    title: str
    value: str
    note: str = ""
    change: str = ""
    mood: str = "neutral"
    """good, bad or neutral."""


def cards(now: Sums, before: Sums) -> list[Card]:
    p50, p95 = (
        (latency.percentile_ms(now, share), latency.percentile_ms(before, share)) for share in (0.5, 0.95)
    )  # fmt: skip
    tokens_now, tokens_before = (sums["input_tokens"] + sums["output_tokens"] for sums in (now, before))
    return [
        Card(
            title="Requests",
            value=shown_count(now["requests"]),
            note=f"{shown_count(now['refused'])} refused" if now["refused"] else "",
            change=change(now["requests"], before["requests"]),
        ),
        _error_card(now, before),
        Card(title="Latency p50", value=shown_duration(p50[0]), change=change(*p50), mood=mood(*p50)),
        Card(title="Latency p95", value=shown_duration(p95[0]), change=change(*p95), mood=mood(*p95)),
        Card(
            title="Tokens",
            value=shown_count(tokens_now),
            note=f"{shown_count(now['input_tokens'])} in, {shown_count(now['output_tokens'])} out",
            change=change(tokens_now, tokens_before),
        ),
        Card(
            title="Cost",
            value=shown_usd(now["cost_usd"]),
            note=f"{shown_count(now['unknown_costs'])} of unknown price" if now["unknown_costs"] else "",
            change=change(float(now["cost_usd"]), float(before["cost_usd"])),
        ),
    ]


def _error_card(now: Sums, before: Sums) -> Card:
    rate, rate_before = error_rate(now), error_rate(before)
    points = "" if rate is None or rate_before is None else f"{(rate - rate_before) * 100:+.1f} points"
    return Card(
        title="Error rate",
        value=shown_share(rate),
        note=f"{shown_count(now['errors'])} failed" if now["errors"] else "",
        change="" if points in ("+0.0 points", "-0.0 points") else points,
        mood=mood(rate, rate_before),
    )


def change(now: float | None, before: float | None) -> str:
    """`+12 %`, `×15`; empty where there is nothing to compare with, or no change to speak of."""
    if now is None or not before:
        return ""
    percent = round((now / before - 1) * 100)
    if percent > 900:
        return f"×{now / before:,.0f}"
    return f"{percent:+d} %" if percent else ""


def mood(now: float | None, before: float | None) -> str:
    """For numbers of which less is better. A change below a twentieth is no news."""
    if now is None or before is None or abs(now - before) <= 0.05 * before:
        return "neutral"
    return "bad" if now > before else "good"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What history/static/history/dashboard.js draws."""

    name: str
    title: str
    kind: str
    """bar (stacked) or line."""
    unit: str
    """count, ms or usd: how numbers are written."""
    series: Mapping[str, Sequence[float | None]]
    """Label -> one number per step; None leaves a gap."""
    colours: Sequence[str]
    """One per series, by the names that dashboard.css gives them."""


def charts(window: Window, rows: Iterable[Sums]) -> list[Chart]:
    """`rows` have a `bucket_start` each, and any number may share a step."""
    grouped: list[list[Sums]] = [[] for _ in window.steps]
    for row in rows:
        grouped[window.step_of(row["bucket_start"])].append(row)
    steps = [total_of(rows_of_step) for rows_of_step in grouped]
    answered = [step["requests"] - step["errors"] - step["refused"] - step["cancelled"] for step in steps]
    return [
        Chart(
            name="requests", title="Requests", kind="bar", unit="count",
            series={"answered": answered, **{name: [s[name] for s in steps] for name in ("errors", "refused", "cancelled")}},
            colours=["primary", "red", "orange", "grey"],
        ),
        Chart(
            name="latency", title="Latency", kind="line", unit="ms",
            series={
                "p95": [latency.percentile_ms(step, 0.95) for step in steps],
                "p50": [latency.percentile_ms(step, 0.5) for step in steps],
            },
            colours=["violet", "primary"],
        ),
        Chart(
            name="tokens", title="Tokens", kind="bar", unit="count",
            series={"input": [s["input_tokens"] for s in steps], "output": [s["output_tokens"] for s in steps]},
            colours=["primary", "violet"],
        ),
        Chart(
            name="cost", title="Cost", kind="bar", unit="usd",
            series={"cost": [float(step["cost_usd"]) for step in steps]},
            colours=["primary"],
        ),
    ]  # fmt: skip


def labels(period: Period, steps: Sequence[datetime]) -> list[str]:
    return [step.strftime(period.step_format) for step in steps]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """One alias, or one target of one."""

    name: str
    under: str
    """A second line below the name."""
    requests: str
    share: str
    share_percent: float
    """For the bar."""
    error_rate: str
    has_errors: bool
    p95: str
    cost: str


def alias_rows(rows: Sequence[Sums], most: int) -> list[TableRow]:
    """One per alias, the busiest first. `rows` have an `alias` and a `provider` each."""
    by_name: dict[tuple[str, str], list[Sums]] = {}
    for row in rows:
        by_name.setdefault(_alias_shown(row), []).append(row)
    totals = {shown: total_of(rows_of_name) for shown, rows_of_name in by_name.items()}
    busiest = sorted(totals.items(), key=lambda item: (-item[1]["requests"], item[0]))
    whole = sum(sums["requests"] for sums in totals.values())
    return [_table_row(*shown, sums, whole, error_rate(sums)) for shown, sums in busiest[:most]]


def _alias_shown(row: Sums) -> tuple[str, str]:
    """A name, and what to say below it."""
    if row["alias"]:
        return row["alias"], ""
    return (NO_ALIAS, "asked for as provider/model") if row["provider"] else (NO_ALIAS, "refused before any was found")


def target_rows(rows: Sequence[Sums], most: int) -> list[TableRow]:
    """One per target of each alias, with its share of what the alias got: the weights at work.

    The error rate is that of the tries: a target that always hands over has no request that ended there.
    """
    of_alias: dict[str, int] = {}
    for row in rows:
        of_alias[row["alias"]] = of_alias.get(row["alias"], 0) + (row["requests"] if row["provider"] else 0)
    targets = sorted((row for row in rows if row["provider"]), key=lambda row: (-row["requests"], row["alias"]))
    return [
        _table_row(
            f"{row['provider']}/{row['model']}", row["alias"] or NO_ALIAS, row, of_alias[row["alias"]],
            ratio(row["attempt_failures"], row["attempts"]),
        )
        for row in targets[:most]
    ]  # fmt: skip


def _table_row(name: str, under: str, sums: Sums, whole: int, errors: float | None) -> TableRow:
    share = ratio(sums["requests"], whole)
    is_all_unknown = sums["unknown_costs"] and not sums["cost_usd"]
    return TableRow(
        name=name,
        under=under,
        requests=shown_count(sums["requests"]),
        share=shown_share(share),
        share_percent=round((share or 0) * 100, 2),
        error_rate=shown_share(errors),
        has_errors=bool(errors),
        p95=shown_duration(latency.percentile_ms(sums, 0.95)),
        cost=NONE if is_all_unknown else shown_usd(sums["cost_usd"]),
    )
