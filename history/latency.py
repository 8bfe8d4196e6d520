"""Latencies in fixed buckets, so that minutes add up to hours and percentiles come from sums.

A percentile is exact to its bucket; inside it, latencies are taken to be spread evenly. Bounds grow by half or less
up to ten seconds, so an estimate there is off by a third of its value at the very worst.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

BOUNDS_MS: Final = (
    10, 15, 20, 30, 40, 60, 80, 120, 160, 240, 320, 480, 640, 960, 1_280, 1_920, 2_560, 3_840, 5_120, 7_680, 10_240,
    15_360, 20_480, 30_720, 61_440, 122_880, 300_000, 600_000,
)  # fmt: skip
"""Upper ends of all buckets but the last, which has none."""

COLUMNS: Final = (*(f"latency_{bound}ms" for bound in BOUNDS_MS), "latency_longer")
"""Names of the counters, in order: how many took up to that long, and longer than the one before."""


def column_of(latency_ms: float) -> str:
    """The counter that this latency belongs to."""
    for bound, column in zip(BOUNDS_MS, COLUMNS, strict=False):
        if latency_ms <= bound:
            return column
    return COLUMNS[-1]


def percentile_ms(counts: Mapping[str, int], share: float) -> float | None:
    """The latency that `share` (0 to 1) of the requests did not exceed; None where there was no request."""
    numbers = [counts[column] for column in COLUMNS]
    total = sum(numbers)
    if not total:
        return None
    return _within(numbers, rank=share * total)


def _within(numbers: Sequence[int], *, rank: float) -> float:
    seen = 0
    for number, (low, high) in zip(numbers, pairwise((0, *BOUNDS_MS)), strict=False):
        if number and seen + number >= rank:
            return low + (high - low) * (rank - seen) / number
        seen += number
    return float(BOUNDS_MS[-1])
