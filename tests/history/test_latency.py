import random

import pytest

from history.latency import BOUNDS_MS, COLUMNS, column_of, percentile_ms
from history.models import TargetStat


def counted(latencies: list[float]) -> dict[str, int]:
    counts = dict.fromkeys(COLUMNS, 0)
    for latency_ms in latencies:
        counts[column_of(latency_ms)] += 1
    return counts


def test_every_bucket_has_a_column_in_the_table() -> None:
    fields = {field.name for field in TargetStat._meta.concrete_fields}

    assert {name for name in fields if name.startswith("latency_") and name != "latency_ms_sum"} == set(COLUMNS)


@pytest.mark.parametrize(
    ("latency_ms", "column"),
    [
        (0, "latency_10ms"),
        (10, "latency_10ms"),
        (10.1, "latency_15ms"),
        (600_000, "latency_600000ms"),
        (1e9, "latency_longer"),
    ],
)
def test_a_bound_belongs_to_the_bucket_that_it_ends(latency_ms: float, column: str) -> None:
    assert column_of(latency_ms) == column


def test_there_is_no_percentile_of_nothing() -> None:
    assert percentile_ms(counted([]), 0.5) is None


def test_percentiles_are_close_to_the_true_ones() -> None:
    draw = random.Random(1)
    latencies = sorted(draw.lognormvariate(6, 0.8) for _ in range(10_000))

    counts = counted(latencies)

    for share in (0.5, 0.95):
        assert percentile_ms(counts, share) == pytest.approx(latencies[int(share * 10_000)], rel=0.1)


def test_what_is_longer_than_all_bounds_counts_as_the_last() -> None:
    assert percentile_ms(counted([1e9]), 0.5) == BOUNDS_MS[-1]
