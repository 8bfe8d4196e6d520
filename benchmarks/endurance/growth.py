"""Whether a process came back to where it began, and how fast it grew meanwhile. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.endurance.watching import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far from the baseline a process may be at the end.

    Memory is not exact: the allocator keeps what it may need again, and the history's database has a cache that fills.
    """

    growth_kib: int
    """Of its memory, from the baseline to the end."""
    slope_kib: float | None
    """Of its memory per 1,000 requests, over the second half. None: the run is too short for one."""
    descriptors: int = 8
    """Connections to the history's database, files of the journal: they come and go."""
    tasks: int = 0
    in_flight: int = 0
    slots: int = 0


EXACT = ("descriptors", "tasks", "in_flight", "slots")


def slope_kib(samples: Sequence[Sample]) -> float:
    """KiB of memory per 1,000 requests: the least squares' line through the samples of the second half."""
    half = samples[-1].requests / 2
    points = [(sample.requests / 1000, float(sample.pss_kib)) for sample in samples if sample.requests >= half]
    return slope(points)


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Of the line whose squared distances from the points are least. 0 for fewer than two places on the x axis."""
    if not points:
        return 0.0
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


def objections(baseline: Sample, samples: Sequence[Sample], end: Sample, limits: Limits) -> Iterator[str]:
    """What has not returned, or grows."""
    if not end.is_at_rest:
        yield "The gateway did not come to rest."
    for name in EXACT:
        over = getattr(end, name) - getattr(baseline, name)
        if over > getattr(limits, name):
            yield f"{over} more {name.replace('_', ' ')} than at the beginning; {getattr(limits, name)} may be."
    growth = end.pss_kib - baseline.pss_kib
    if growth > limits.growth_kib:
        yield f"Memory grew by {growth:,} KiB; {limits.growth_kib:,} may be."
    if limits.slope_kib is not None and (grows := slope_kib(samples)) > limits.slope_kib:
        yield f"Memory grows by {grows:.1f} KiB per 1,000 requests; {limits.slope_kib:g} may be."
