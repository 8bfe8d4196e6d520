"""A summary as Prometheus reads it."""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from gateway.metrics.report import Summary
from gateway.metrics.totals import BOUNDS_SECONDS, Spread, Totals
from gateway.metrics.upstreams import labels_of

REQUEST_LABELS = ["alias", "provider", "model"]
HEDGE_LABELS = ["alias", "answered"]
MODEL_LABELS = ["provider", "model"]
UPSTREAM_LABELS = ["provider", "model", "address"]
BOUNDS = [*(str(seconds) for seconds in BOUNDS_SECONDS), "+Inf"]
TOKEN_KINDS = ("input", "output", "cached_input", "reasoning")


def exposition(summary: Summary) -> bytes:
    """Prometheus's text format, version 0.0.4. A registry of its own: nothing of the Python process beside it."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Summary(summary))
    return generate_latest(registry)


class _Summary(Collector):
    def __init__(self, summary: Summary) -> None:
        self._summary = summary

    def collect(self) -> Iterable[Metric]:
        yield from _of_requests(self._summary.totals)
        yield from _of_times(self._summary.totals)
        yield from _of_the_present(self._summary)
        yield from _of_upstreams(self._summary)
        yield from _of_history(self._summary)


def _of_requests(totals: Totals) -> Iterator[Metric]:
    requests = CounterMetricFamily(
        "plexus_requests", "Requests that have ended.", labels=[*REQUEST_LABELS, "status", "outcome"]
    )
    tokens = CounterMetricFamily("plexus_tokens", "Tokens, as upstreams count them.", labels=[*REQUEST_LABELS, "kind"])
    sums: dict[tuple[str, ...], int] = {}
    for (*names, status, outcome), counts in totals.requests.items():
        requests.add_metric([*names, f"{status}xx", outcome], counts.requests)
        for kind in TOKEN_KINDS:
            if number := getattr(counts, f"{kind}_tokens"):
                sums[(*names, kind)] = sums.get((*names, kind), 0) + number
    for labels, number in sums.items():
        tokens.add_metric(labels, number)
    refused = CounterMetricFamily(
        "plexus_refused_connections", "Connections refused before there was a request.", labels=["code"]
    )
    for code, number in totals.refused.items():
        refused.add_metric([code], number)
    hedges = CounterMetricFamily(
        "plexus_hedges", "Requests of which a second upstream was asked, as the first was late.", labels=HEDGE_LABELS
    )
    for hedge_labels, number in totals.hedges.items():
        hedges.add_metric(hedge_labels, number)
    shed = CounterMetricFamily("plexus_shed_requests", "Requests refused because the event loop was late.", totals.shed)
    yield from (requests, tokens, refused, hedges, shed)


def _of_times(totals: Totals) -> Iterator[Metric]:
    whole = HistogramMetricFamily(
        "plexus_request_duration_seconds", "From request to last byte, by who answered last.", labels=MODEL_LABELS
    )
    first_byte = HistogramMetricFamily(
        "plexus_first_byte_seconds", "From request to the first content for the client.", labels=MODEL_LABELS
    )
    for labels, times in totals.times.items():
        whole.add_metric(labels, _buckets(times.whole), times.whole.sum_ms / 1000)
        first_byte.add_metric(labels, _buckets(times.first_byte), times.first_byte.sum_ms / 1000)
    yield from (whole, first_byte)


def _buckets(spread: Spread) -> list[tuple[str, float]]:
    """Cumulative, as the format wants them."""
    sums, sum_so_far = [], 0
    for number in spread.buckets:
        sum_so_far += number
        sums.append(float(sum_so_far))
    return list(zip(BOUNDS, sums, strict=True))


def _of_the_present(summary: Summary) -> Iterator[Metric]:
    present = summary.present
    yield GaugeMetricFamily("plexus_workers", "Processes that these figures are the sum of.", summary.workers)
    yield GaugeMetricFamily("plexus_requests_in_flight", "Requests being worked on.", present.in_flight)
    yield GaugeMetricFamily("plexus_request_body_bytes", "Request bodies held in memory.", present.body_bytes)
    yield GaugeMetricFamily("plexus_event_loop_tasks", "Tasks of the event loop.", present.tasks)
    connections = GaugeMetricFamily("plexus_upstream_connections", "Connections to upstreams.", labels=["state"])
    connections.add_metric(["in_use"], present.upstreams_in_use)
    connections.add_metric(["idle"], present.upstreams_idle)
    yield connections
    yield GaugeMetricFamily(
        "plexus_event_loop_lag_seconds", "The longest that the event loop was held up lately.", present.loop_lag_seconds
    )
    versions = GaugeMetricFamily("plexus_configuration_version", "The oldest in use.", labels=["subject"])
    ages = GaugeMetricFamily(
        "plexus_configuration_age_seconds", "Since it was last known to be the newest.", labels=["subject"]
    )
    for subject, version in present.versions.items():
        versions.add_metric([subject], version)
        ages.add_metric([subject], present.ages_seconds[subject])
    yield from (versions, ages)


def _of_upstreams(summary: Summary) -> Iterator[Metric]:
    standing = GaugeMetricFamily(
        "plexus_upstream_standing", "Share of its weight that it gets; 0: it is left alone.", labels=UPSTREAM_LABELS
    )
    in_flight = GaugeMetricFamily("plexus_upstream_in_flight", "Requests with it now.", labels=UPSTREAM_LABELS)
    opened = CounterMetricFamily("plexus_upstream_opened", "Times that its breaker opened.", labels=UPSTREAM_LABELS)
    rests = CounterMetricFamily("plexus_upstream_rests", "Times that it was told to rest.", labels=UPSTREAM_LABELS)
    for key, figures in summary.upstreams.items():
        labels = labels_of(key)
        standing.add_metric(labels, figures.standing)
        in_flight.add_metric(labels, figures.in_flight)
        opened.add_metric(labels, figures.opened)
        rests.add_metric(labels, figures.rests)
    yield from (standing, in_flight, opened, rests)


def _of_history(summary: Summary) -> Iterator[Metric]:
    recorded, present = summary.recorded, summary.present
    yield CounterMetricFamily("plexus_history_recorded", "Requests recorded.", recorded.requests)
    yield CounterMetricFamily("plexus_history_lost", "Requests whose record was lost.", recorded.lost)
    yield CounterMetricFamily("plexus_history_adopted", "Requests taken over from dead processes.", recorded.adopted)
    yield CounterMetricFamily("plexus_history_quarantined", "Rows that the database refused.", recorded.quarantined)
    yield CounterMetricFamily("plexus_history_damaged_lines", "Lines of journals not readable.", recorded.damaged)
    yield GaugeMetricFamily("plexus_history_pending", "Records not yet delivered.", present.history_pending)
    yield GaugeMetricFamily("plexus_history_lag_seconds", "Age of the oldest of them.", present.history_lag_seconds)
    yield GaugeMetricFamily("plexus_journal_bytes", "Size of all journals of the machine.", present.journal_bytes)
