"""What is counted of exchanges, and how it reads in Prometheus's format."""

import time
from typing import Any

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.metrics import totals
from gateway.metrics.exposition import exposition
from gateway.metrics.report import Present, Recorded, Report, summed
from gateway.metrics.totals import OTHER, Totals
from history.records import Exchange, Outcome
from providers.pricing import Usage
from tests.history.exchanges import an_attempt

MOST_MICROSECONDS = 3.0

NOBODY: dict[str, Any] = {"alias": "", "provider": "", "model": "", "attempts": ()}


def an_exchange(**changes: Any) -> Exchange:  # Any: any field's value
    fields: dict[str, Any] = {
        "id": "0199",
        "started_at": 0.0,
        "api_type": "chat",
        "alias": "fast",
        "provider": "openai",
        "model": "small",
        "outcome": Outcome.OK,
        "status": 200,
        "latency_ms": 700.0,
        "attempts": (an_attempt(),),
        "first_byte_ms": 40.0,
        "usage": Usage(input_tokens=10, output_tokens=5, cached_input_tokens=4, reasoning_tokens=2),
    }
    return Exchange(**{**fields, **changes})


def samples(*counted: Totals, **present: Any) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:  # Any: as above
    """By name and labels, as Prometheus's own parser reads them."""
    reports = [
        Report(written_at=100.0, totals=one, recorded=Recorded(requests=3, lost=1), present=Present(**present))
        for one in counted
    ]
    text = exposition(summed(reports, now=101.0)).decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def labels(**pairs: str) -> frozenset[tuple[str, str]]:
    return frozenset(pairs.items())


FAST = {"alias": "fast", "provider": "openai", "model": "small"}


def test_requests_are_counted_by_name_status_and_outcome() -> None:
    counted = Totals()
    for exchange in (an_exchange(), an_exchange(), an_exchange(status=502, outcome=Outcome.FAILED)):
        counted.note(exchange)

    read = samples(counted)

    assert read["plexus_requests_total", labels(**FAST, status="2xx", outcome="ok")] == 2
    assert read["plexus_requests_total", labels(**FAST, status="5xx", outcome="failed")] == 1


def test_tokens_are_summed_by_kind() -> None:
    counted = Totals()
    counted.note(an_exchange())
    counted.note(an_exchange(outcome=Outcome.INTERRUPTED))

    read = samples(counted)

    assert read["plexus_tokens_total", labels(**FAST, kind="input")] == 20
    assert read["plexus_tokens_total", labels(**FAST, kind="reasoning")] == 4


def test_times_fall_into_cumulative_buckets() -> None:
    counted = Totals()
    for milliseconds in (50.0, 700.0, 1_000_000.0):
        counted.note(an_exchange(latency_ms=milliseconds))

    read = samples(counted)
    by_model = {"provider": "openai", "model": "small"}

    def within(bound: str) -> float:
        return read["plexus_request_duration_seconds_bucket", labels(**by_model, le=bound)]

    assert [within("0.05"), within("0.5"), within("1.0"), within("300.0"), within("+Inf")] == [1, 1, 2, 2, 3]
    assert read["plexus_request_duration_seconds_sum", labels(**by_model)] == pytest.approx(1000.75)
    assert read["plexus_first_byte_seconds_count", labels(**by_model)] == 3


def test_a_request_that_nobody_was_asked_for_is_counted_and_not_timed() -> None:
    counted = Totals()
    counted.note(an_exchange(**NOBODY, status=404, outcome=Outcome.REFUSED, usage=None))

    assert counted.times == {}
    assert sum(counts.requests for counts in counted.requests.values()) == 1


def test_what_the_client_wrote_is_no_label() -> None:
    counted = Totals()
    counted.note(an_exchange(requested_model="evil-name", error="evil-error", key_name="evil-key"))

    assert "evil" not in str(samples(counted))


def test_the_number_of_series_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(totals, "MOST_SERIES", 3)
    counted = Totals()

    for number in range(10):
        counted.note(an_exchange(alias=f"alias-{number}", model=f"model-{number}"))

    assert len(counted.requests) == 4
    assert len(counted.times) == 4
    assert counted.requests[OTHER, OTHER, OTHER, 2, "ok"].requests == 7


def test_workers_are_added_up_and_those_that_ended_keep_what_they_counted() -> None:
    old, new = Totals(), Totals()
    old.note(an_exchange())
    new.note(an_exchange())
    new.note_refused("headers_too_large")
    ended = Report(written_at=0, totals=old, recorded=Recorded(requests=1, lost=0), present=Present(in_flight=9))
    living = Report(written_at=100, totals=new, recorded=Recorded(requests=2, lost=0), present=Present(in_flight=4))

    summary = summed([ended, living], now=101)

    assert summary.totals.requests["fast", "openai", "small", 2, "ok"].requests == 2
    assert summary.totals.refused == {"headers_too_large": 1}
    assert (summary.workers, summary.present.in_flight, summary.recorded.requests) == (1, 4, 3)


def test_a_report_survives_its_file() -> None:
    counted = Totals()
    counted.note(an_exchange())
    report = Report(written_at=1, totals=counted, recorded=Recorded(requests=1, lost=0), present=Present())

    assert msgspec.msgpack.decode(msgspec.msgpack.encode(report), type=Report) == report


def test_counting_an_exchange_costs_a_few_microseconds_at_most() -> None:
    counted, exchange = Totals(), an_exchange()

    def microseconds() -> float:
        began = time.thread_time()
        for _ in range(20_000):
            counted.note(exchange)
        return (time.thread_time() - began) / 20_000 * 1e6

    assert min(microseconds() for _ in range(5)) < MOST_MICROSECONDS


def test_hedges_are_counted_by_alias_and_who_answered() -> None:
    one, other = Totals(), Totals()
    one.note_hedge("fast", "second")
    other.note_hedge("fast", "second")
    other.note_hedge("fast", "first")

    found = samples(one, other)

    assert found["plexus_hedges_total", labels(alias="fast", answered="second")] == 2
    assert found["plexus_hedges_total", labels(alias="fast", answered="first")] == 1
