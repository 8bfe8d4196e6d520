"""From sums of TargetStat over time to what the dashboard draws."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from history import latency
from history.figures import SUMMED, Sums, known_usd, total_of, unknown_note
from history.periods import Period, Window


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
    """One per series, by the names that history.css gives them."""
    addresses: Mapping[str, str] = field(default_factory=dict)
    """Label -> where it leads, for those that lead somewhere."""
    note: str = ""

    @property
    def legend(self) -> list[tuple[str, str, str]]:
        """Label, colour and address of each series; no address: it leads nowhere."""
        return [
            (label, colour, self.addresses.get(label, ""))
            for label, colour in zip(self.series, self.colours, strict=True)
        ]


def by_step(
    window: Window, rows: Iterable[Sums], counters: Sequence[str] = SUMMED
) -> list[dict[str, Any]]:  # Any: see Sums
    """The sums of each step. `rows` have the number of a `step` inside the window each, and any number may share one."""
    grouped: list[list[Sums]] = [[] for _ in window.steps]
    for row in rows:
        grouped[window.index_of(row["step"])].append(row)
    return [total_of(rows_of_step, counters) for rows_of_step in grouped]


def charts(steps: Sequence[Sums]) -> list[Chart]:
    """The four that every scope has."""
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
            name="cost", title="Cost", kind="bar", unit="usd", note=unknown_note(total_of(steps)),
            series={"cost": [known_usd(step) for step in steps]},
            colours=["primary"],
        ),
    ]  # fmt: skip


def tries(steps: Sequence[Sums]) -> Chart:
    """Of one target: one that always hands over has no request that ended there, but tries that failed."""
    failed = [step["attempt_failures"] for step in steps]
    went_well = [step["attempts"] - step["attempt_failures"] for step in steps]
    return Chart(
        name="tries", title="Tries at this target", kind="bar", unit="count", colours=["primary", "red"],
        series={"went well": went_well, "failed": failed},
    )  # fmt: skip


def labels(period: Period, steps: Sequence[datetime]) -> list[str]:
    return [step.strftime(period.step_format) for step in steps]
