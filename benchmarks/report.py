"""What a run found, as a table for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from benchmarks.figures import (
    CPU_PER_CHUNK,
    CPU_PER_REQUEST,
    DELAY,
    ERRORS,
    GOALS,
    KIB_PER_STREAM,
    MAIN_THREAD_PER_CHUNK,
    MAIN_THREAD_PER_REQUEST,
    P99,
    middle,
    objections,
    ratios,
    spread,
)
from benchmarks.measures import HalfLoad, Measure, Memory, Streams, WholeAnswers
from benchmarks.run import Outcome, Plan

MISSING = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A metric as it is shown."""

    metric: str
    title: str
    digits: int = 1


WHOLE_COLUMNS = (
    Column(metric=CPU_PER_REQUEST, title="CPU µs/request"),
    Column(metric=MAIN_THREAD_PER_REQUEST, title="of it main thread"),
    Column(metric="requests_per_second", title="requests/s", digits=0),
    Column(metric="p50_ms", title="p50 ms", digits=2),
    Column(metric=P99, title="p99 ms", digits=2),
)
LATENCY_COLUMNS = (
    Column(metric="requests_per_second", title="requests/s", digits=0),
    Column(metric="p50_ms", title="p50 ms", digits=2),
    Column(metric=P99, title="p99 ms", digits=2),
)
STREAM_COLUMNS = (
    Column(metric=CPU_PER_CHUNK, title="CPU µs/chunk"),
    Column(metric=MAIN_THREAD_PER_CHUNK, title="of it main thread"),
    Column(metric="chunks_per_second", title="chunks/s", digits=0),
    Column(metric=DELAY, title="delay p50 ms", digits=2),
    Column(metric="delay_p99_ms", title="delay p99 ms", digits=2),
    Column(metric="threads", title="threads", digits=0),
)
MEMORY_COLUMNS = (
    Column(metric=KIB_PER_STREAM, title="KiB/stream"),
    Column(metric="kib_before", title="KiB before", digits=0),
    Column(metric="threads", title="threads", digits=0),
    Column(metric="first_byte_p99_ms", title="first byte p99 ms"),
)


def columns_of(measure: Measure) -> Sequence[Column]:
    """What is shown of a measure, the main metric first."""
    match measure:
        case WholeAnswers():
            return WHOLE_COLUMNS
        case HalfLoad():
            return LATENCY_COLUMNS
        case Streams():
            return STREAM_COLUMNS
        case Memory():
            return MEMORY_COLUMNS


def lines(plan: Plan, outcome: Outcome, machine: Mapping[str, object], date: datetime) -> Iterator[str]:
    """The whole report."""
    yield f"Plexus benchmark, {date:%Y-%m-%d %H:%M} UTC"
    yield ", ".join(f"{name} {value}" for name, value in machine.items())
    yield ", ".join(f"{name} {version}" for name, version in outcome.versions.items())
    yield f"Medians of {plan.rounds} rounds of {plan.seconds:g} s each; ± is how far the farthest round is from the median."
    for measure in plan.measures:
        yield ""
        yield measure.title
        yield from aligned(_table(measure, outcome))
    yield ""
    yield from _ratios(outcome)
    yield from outcome.notes
    yield from (f"Without {name}: {why}" for name, why in outcome.absent.items())
    yield ""
    yield from _verdict(outcome)


def _table(measure: Measure, outcome: Outcome) -> list[list[str]]:
    main, *others = columns_of(measure)
    rows = [["", main.title, "±", *(column.title for column in others), "errors"]]
    for name, rounds in outcome.samples.get(measure.name, {}).items():
        apart = spread(outcome.samples, measure.name, name, main.metric)
        errors = sum(sample.get(ERRORS, 0) for sample in rounds)
        shown = [
            _number(middle(outcome.samples, measure.name, name, column.metric), column.digits) for column in others
        ]
        first = _number(middle(outcome.samples, measure.name, name, main.metric), main.digits)
        rows.append([name, first, MISSING if apart is None else f"{apart:.0%}", *shown, f"{errors:.0f}"])
    return rows


def _ratios(outcome: Outcome) -> Iterator[str]:
    found = ratios(outcome.samples)
    goals = {goal.ratio: goal for goal in GOALS}
    rows = [["ratio", "here", "goal", ""]]
    for name, value in found.items():
        goal = goals.get(name)
        said = "" if goal is None or value is None else "reached" if goal.is_reached_by(value) else "missed"
        rows.append([name, _number(value, 2), str(goal or ""), said])
    yield from aligned(rows)


def _verdict(outcome: Outcome) -> Iterator[str]:
    against = objections(outcome.samples, outcome.lost)
    if against:
        yield "No verdict. These figures do not support one:"
        yield from (f"  {objection}" for objection in against)
        return
    found = ratios(outcome.samples)
    judged = [goal for goal in GOALS if found[goal.ratio] is not None]
    reached = sum(goal.is_reached_by(value) for goal in judged if (value := found[goal.ratio]) is not None)
    left_out = f", {len(GOALS) - len(judged)} not measured" if len(judged) < len(GOALS) else ""
    yield f"Verdict: {reached} of {len(judged)} goals reached{left_out}. No errors, no request missing from the history."


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns of equal width: the first one to the left, all others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        yield "  ".join(cells).rstrip()


def _number(value: float | None, digits: int) -> str:
    return MISSING if value is None else f"{value:,.{digits}f}"


def document(plan: Plan, outcome: Outcome, machine: Mapping[str, object], date: datetime) -> Mapping[str, Any]:
    """Every figure. Any: JSON."""
    against = objections(outcome.samples, outcome.lost)
    return {
        "date": f"{date:%Y-%m-%dT%H:%M:%SZ}",
        "machine": dict(machine),
        "versions": outcome.versions,
        "absent": outcome.absent,
        "notes": outcome.notes,
        "rounds": plan.rounds,
        "seconds": plan.seconds,
        "ratios": ratios(outcome.samples),
        "goals": {goal.ratio: str(goal) for goal in GOALS},
        "has_verdict": not against,
        "objections": against,
        "lost": outcome.lost,
        "measures": {
            measure.name: {"title": measure.title, "contenders": _figures(measure.name, outcome)}
            for measure in plan.measures
        },
    }


def _figures(measure: str, outcome: Outcome) -> Mapping[str, Any]:
    return {
        name: {
            "median": {metric: middle(outcome.samples, measure, name, metric) for metric in rounds[0]},
            "spread": {metric: spread(outcome.samples, measure, name, metric) for metric in rounds[0]},
            "rounds": list(rounds),
        }
        for name, rounds in outcome.samples.get(measure, {}).items()
        if rounds
    }
