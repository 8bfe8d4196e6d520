"""From sums of TargetStat to the numbers on top of the dashboard, each compared with the period before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from history import latency
from history.shown import shown_count, shown_duration, shown_share, shown_usd

SUMMED: Final = (
    *("requests", "errors", "refused", "cancelled", "attempts", "attempt_failures"),
    *("input_tokens", "output_tokens", "cost_usd", "unknown_costs"),
    *latency.COLUMNS,
)
"""The counters that the dashboard reads."""

Sums = Mapping[str, Any]  # Any: int, or Decimal for cost_usd
"""Counter -> sum."""


def total_of(rows: Iterable[Sums], counters: Sequence[str] = SUMMED) -> dict[str, Any]:  # Any: see Sums
    """All rows added up."""
    total: dict[str, Any] = dict.fromkeys(counters, 0)
    for row in rows:
        for name in counters:
            total[name] += row[name] or 0
    return total


def ratio(part: float, whole: float) -> float | None:
    """None where there is no whole."""
    return part / whole if whole else None


def error_rate(sums: Sums) -> float | None:
    """Of the requests that were not refused: what is wrong with a request says nothing about any upstream."""
    return ratio(sums["errors"], sums["requests"] - sums["refused"])


def tokens(sums: Sums) -> int:
    """In and out."""
    return int(sums["input_tokens"] + sums["output_tokens"])


def exact_usd(sums: Sums) -> Decimal | None:
    """What is known to have been spent; None where something was and nobody knows how much."""
    return None if sums["unknown_costs"] and not sums["cost_usd"] else Decimal(sums["cost_usd"])


def known_usd(sums: Sums) -> float | None:
    """The same, for what is drawn and compared."""
    exact = exact_usd(sums)
    return None if exact is None else float(exact)


def shown_cost(sums: Sums) -> str:
    """`$12.34`; `unknown` where nobody knows any."""
    return "unknown" if known_usd(sums) is None else shown_usd(sums["cost_usd"])


def unknown_note(sums: Sums) -> str:
    """What a cost leaves out; empty where that is nothing."""
    return f"{shown_count(sums['unknown_costs'])} of unknown cost" if sums["unknown_costs"] else ""


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
            value=shown_count(tokens(now)),
            note=f"{shown_count(now['input_tokens'])} in, {shown_count(now['output_tokens'])} out",
            change=change(tokens(now), tokens(before)),
        ),
        Card(
            title="Cost",
            value=shown_cost(now),
            note=unknown_note(now),
            change=change(known_usd(now), known_usd(before)),
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
