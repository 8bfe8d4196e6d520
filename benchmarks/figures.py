"""From samples to a verdict: medians, spreads, ratios, goals. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

MOST_SPREAD = 0.15
MOST_DELAY_MS = 20.0
"""The time between two chunks of a stream. Beyond it one read brings several: the machine is full, and each costs less than
it would."""

Sample = Mapping[str, float]
"""What one round told of one contender: metric -> number."""
Samples = Mapping[str, Mapping[str, Sequence[Sample]]]
"""Measure -> contender -> one sample per round."""

CPU_PER_REQUEST = "cpu_us_per_request"
CPU_PER_CHUNK = "cpu_us_per_chunk"
MAIN_THREAD_PER_REQUEST = "main_thread_cpu_us_per_request"
MAIN_THREAD_PER_CHUNK = "main_thread_cpu_us_per_chunk"
DELAY = "delay_p50_ms"
KIB_PER_STREAM = "kib_per_stream"
P99 = "p99_ms"
REQUESTS = "requests"
"""That were made and answered, whole or as streams."""
ERRORS = "errors"

Ratios = Mapping[str, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotient:
    """How many times as much one contender needs as another, under the same load."""

    measure: str
    above: str
    below: str
    metric: str


def _per_request(above: str, below: str, measure: str = "requests_1kb") -> Quotient:
    return Quotient(measure=measure, above=above, below=below, metric=CPU_PER_REQUEST)


def _per_chunk(above: str, below: str, measure: str) -> Quotient:
    return Quotient(measure=measure, above=above, below=below, metric=CPU_PER_CHUNK)


QUOTIENTS = {
    "cpu_vs_raw": _per_request("plexus", "raw"),
    "cpu_vs_nginx": _per_request("plexus", "nginx"),
    "litellm_vs_plexus": _per_request("litellm", "plexus"),
    "portkey_vs_plexus": _per_request("portkey", "plexus"),
    "chunk_vs_raw": _per_chunk("plexus", "raw", "streams_many"),
    "litellm_chunk_vs_plexus": _per_chunk("litellm", "plexus", "streams_few"),
    "portkey_chunk_vs_plexus": _per_chunk("portkey", "plexus", "streams_few"),
    "body_100kb_vs_raw": _per_request("plexus", "raw", "requests_100kb"),
    "prompt_100kb_vs_raw": _per_request("plexus", "raw", "requests_100kb_prompt"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What a ratio should reach."""

    ratio: str
    limit: float
    is_at_most: bool

    def is_reached_by(self, value: float) -> bool:
        return value <= self.limit if self.is_at_most else value >= self.limit

    def __str__(self) -> str:
        return f"{'at most' if self.is_at_most else 'at least'} {self.limit:g}"


GOALS = (
    Goal(ratio="cpu_vs_raw", limit=1.9, is_at_most=True),
    Goal(ratio="cpu_vs_nginx", limit=10, is_at_most=True),
    Goal(ratio="litellm_vs_plexus", limit=40, is_at_most=False),
    Goal(ratio="portkey_vs_plexus", limit=5, is_at_most=False),
    Goal(ratio="chunk_vs_raw", limit=1.3, is_at_most=True),
    Goal(ratio="litellm_chunk_vs_plexus", limit=15, is_at_most=False),
    Goal(ratio="portkey_chunk_vs_plexus", limit=4, is_at_most=False),
    Goal(ratio="body_100kb_vs_raw", limit=1.2, is_at_most=True),
    Goal(ratio="p99_added_ms", limit=1.5, is_at_most=True),
    Goal(ratio="kib_per_stream", limit=28, is_at_most=True),
)


def middle(samples: Samples, measure: str, contender: str, metric: str) -> float | None:
    """The median over the rounds; None for what was not measured."""
    values = _values(samples, measure, contender, metric)
    return median(values) if values else None


def spread(samples: Samples, measure: str, contender: str, metric: str) -> float | None:
    """How far the farthest round is from the median, as a share of the median."""
    values = _values(samples, measure, contender, metric)
    centre = median(values) if values else 0
    return max(abs(value - centre) for value in values) / centre if centre else None


def ratios(samples: Samples) -> Ratios:
    """Every ratio; None where one of its sides was not measured."""
    return {
        **{name: _quotient(samples, quotient) for name, quotient in QUOTIENTS.items()},
        "p99_added_ms": _added(samples, "half_load", "plexus", "direct", P99),
        "kib_per_stream": middle(samples, "memory", "plexus", KIB_PER_STREAM),
    }


def objections(samples: Samples, lost: Mapping[str, int]) -> list[str]:
    """Why these samples allow no verdict; empty when they do. `lost`: contender -> requests missing from its history."""
    return [*_failures(samples), *_losses(lost), *_overloads(samples), *_unsteady(samples)]


def _failures(samples: Samples) -> list[str]:
    return [
        f"{contender} had {errors:.0f} errors in {measure}."
        for measure, of_contenders in samples.items()
        for contender, rounds in of_contenders.items()
        if (errors := sum(sample.get(ERRORS, 0) for sample in rounds))
    ]


def _losses(lost: Mapping[str, int]) -> list[str]:
    return [
        f"{contender} answered {number} requests that its history lacks."
        for contender, number in lost.items()
        if number
    ]


def _overloads(samples: Samples) -> list[str]:
    """Only of figures per chunk that some ratio is made of."""
    used = {
        (quotient.measure, contender)
        for quotient in QUOTIENTS.values()
        for contender in (quotient.above, quotient.below)
        if quotient.metric == CPU_PER_CHUNK
    }
    return [
        f"{contender} could not keep up in {measure}: the median chunk came {delay:.0f} ms late."
        for measure, contender in sorted(used)
        if (delay := middle(samples, measure, contender, DELAY)) is not None and delay > MOST_DELAY_MS
    ]


def _unsteady(samples: Samples) -> list[str]:
    """Only of figures that some ratio is made of."""
    used = {
        (quotient.measure, contender, quotient.metric)
        for quotient in QUOTIENTS.values()
        for contender in (quotient.above, quotient.below)
    } | {("memory", "plexus", KIB_PER_STREAM)}
    return [
        f"{metric} of {contender} in {measure} varies by {apart:.0%} between rounds, more than {MOST_SPREAD:.0%}."
        for measure, contender, metric in sorted(used)
        if (apart := spread(samples, measure, contender, metric)) is not None and apart > MOST_SPREAD
    ]


def _values(samples: Samples, measure: str, contender: str, metric: str) -> list[float]:
    rounds = samples.get(measure, {}).get(contender, ())
    return [sample[metric] for sample in rounds if metric in sample]


def _quotient(samples: Samples, quotient: Quotient) -> float | None:
    one = middle(samples, quotient.measure, quotient.above, quotient.metric)
    other = middle(samples, quotient.measure, quotient.below, quotient.metric)
    return one / other if one is not None and other else None


def _added(samples: Samples, measure: str, longer: str, shorter: str, metric: str) -> float | None:
    """The median of the differences within each round: what disturbed both cancels."""
    pairs = zip(_values(samples, measure, longer, metric), _values(samples, measure, shorter, metric), strict=False)
    differences = [one - other for one, other in pairs]
    return median(differences) if differences else None
