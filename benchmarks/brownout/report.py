"""What is printed and written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from benchmarks.brownout import judge
from benchmarks.brownout.evidence import Times
from benchmarks.brownout.judge import Figures, TotalFigures

BLOCKS = " ▁▂▃▄▅▆▇█"
FULL_HEIGHT = 0.5
"""The share that fills a character."""
WIDEST = 75


def document(
    found: Mapping[str, Figures | TotalFigures], times: Mapping[str, Times], seed: int
) -> dict[str, Any]:  # Any: JSON
    """As `--json` writes it."""
    modes = {}
    for name, one in found.items():
        broken = list(judge.objections(one) if isinstance(one, Figures) else judge.total_objections(one))
        modes[name] = {
            **asdict(one),
            "ill_at": round(times[name].ill - times[name].measured, 1),
            "well_at": round(times[name].well - times[name].measured, 1),
            "objections": broken,
        }
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": seed,
        "modes": modes,
        "holds": not any(mode["objections"] for mode in modes.values()),
    }


def lines(told: Mapping[str, Any]) -> Iterator[str]:  # Any: JSON
    """What people are told at the end."""
    modes = {name: mode for name, mode in told["modes"].items() if "timeline" in mode}
    if modes:
        yield "              requests  failed   its share  full again    p99 before  of others    all  longest  tries"
        yield "                                after 10 s       after                                   each"
    for name, mode in modes.items():
        back = "never" if mode["back_seconds"] is None else f"{mode['back_seconds']:.1f} s"
        yield (
            f"{name:12}{mode['requests']:10,}{mode['failed']:8}{mode['share']:12.2%}{back:>12}"
            f"{mode['p99_before_ms']:11.1f} ms{mode['p99_others_ms']:8.1f} ms{_duration(mode['p99_all_ms']):>7}"
            f"{_duration(mode['longest_ms']):>9}{mode['tries_per_request']:7.3f}"
        )
    if modes:
        yield f"may be              {judge.MOST_FAILED:.1%}{judge.MOST_SHARE:12.2%}{judge.MOST_BACK_SECONDS:10g} s{f'+{judge.MOST_ADDED_MS:g} ms':>24}"
        yield ""
        yield "The share of the sick one over time (▅: a third; ┊ when it fell ill, and when it was well):"
        for name, mode in modes.items():
            yield f"{name:12}{sparkline(mode['timeline'], [mode['ill_at'], mode['well_at']])}"
    for name, mode in told["modes"].items():
        if name not in modes:
            yield from _of_total(name, mode)
        ways = mode.get("failures") or mode.get("answers") or {}
        if ways:
            yield f"  {name}: clients saw {', '.join(f'“{way}” {number} times' for way, number in ways.items())}"
        yield from (f"  {name}: {objection}" for objection in mode["objections"])
    yield "Everything holds." if told["holds"] else "Not everything holds: see above."


def _of_total(name: str, mode: Mapping[str, Any]) -> Iterator[str]:  # Any: JSON
    back = "never" if mode["back_seconds"] is None else f"{mode['back_seconds']:.1f} s"
    yield (
        f"{name}: {mode['requests']:,} requests; after {judge.TOTAL_SECONDS:g} s {mode['tries_per_request']:.3f} tries each "
        f"(may be {judge.MOST_TRIES:g}), {mode['refused']:,} of {mode['late']:,} refused without one, with a p99 of "
        f"{mode['p99_refusal_ms']:.1f} ms (may be {judge.MOST_REFUSAL_MS:g}), {mode['without_retry_after']} of them without "
        f"Retry-After; tried in vain with {mode['p99_in_vain_ms']:.0f} ms (may be {judge.MOST_IN_VAIN_MS:g}); all were served again after {back}"
    )


def _duration(ms: float) -> str:
    return f"{ms / 1000:.1f} s" if ms >= 1000 else f"{ms:.0f} ms"


def sparkline(shares: Sequence[float], marks: Sequence[float]) -> str:
    """One character for each second, or for as many as make a line. `marks`: seconds at which something began."""
    step = -(-len(shares) // WIDEST) or 1
    drawn, ahead = [], sorted(marks)
    for begin in range(0, len(shares), step):
        while ahead and ahead[0] < begin + step:
            ahead.pop(0)
            drawn.append("┊")
        part = shares[begin : begin + step]
        height = sum(part) / len(part) / FULL_HEIGHT
        # Whatever is not nothing can be seen.
        drawn.append(BLOCKS[min(len(BLOCKS) - 1, -int(-height * (len(BLOCKS) - 1) // 1))])
    return "".join(drawn)
