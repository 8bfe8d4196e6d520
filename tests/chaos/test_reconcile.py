"""The judge of chaos finds what is wrong in fabricated evidence."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from benchmarks.chaos import outage, report
from benchmarks.chaos.evidence import (
    Arrival,
    Ending,
    Evidence,
    Kill,
)
from benchmarks.chaos.reconcile import Kind, reconcile
from tests.chaos.evidence import AT, counted, id_of, phases


def found_in(evidence: Evidence) -> list[tuple[Kind, int | None]]:
    return [(finding.kind, finding.errand) for finding in reconcile(evidence)]


def test_requests_to_which_nothing_happened_are_all_well(evidence: Evidence) -> None:
    assert found_in(evidence) == []


def test_an_answered_request_without_a_row_is_lost(evidence: Evidence) -> None:
    evidence.statistics = counted(range(2, 4))
    del evidence.requests[0], evidence.attempts[0], evidence.arrivals[0]

    assert found_in(evidence) == [(Kind.LOST, 1)]


def test_a_request_that_only_the_upstream_saw_is_lost_without_a_row(evidence: Evidence) -> None:
    evidence.statistics = counted(range(2, 4))
    del evidence.requests[0], evidence.attempts[0]
    evidence.said[0] = replace(evidence.said[0], ending=Ending.CUT, status=None, request_id=None)

    assert found_in(evidence) == [(Kind.LOST, 1)]


def test_a_request_that_nobody_saw_needs_no_row(evidence: Evidence) -> None:
    evidence.statistics = counted(range(2, 4))
    del evidence.requests[0], evidence.attempts[0], evidence.arrivals[0]
    evidence.said[0] = replace(evidence.said[0], ending=Ending.CUT, status=None, request_id=None)

    assert found_in(evidence) == []


def test_two_rows_of_one_request_are_a_duplicate(evidence: Evidence) -> None:
    evidence.requests.append(replace(evidence.requests[0], id=id_of(99)))
    evidence.attempts.append(replace(evidence.attempts[0], request_id=id_of(99)))

    found = found_in(evidence)

    assert (Kind.DUPLICATED, 1) in found


def test_an_attempt_that_the_upstream_never_saw_is_a_duplicate(evidence: Evidence) -> None:
    del evidence.arrivals[0]
    evidence.arrivals.append(Arrival(number=1, provider="steady", model="large", at=AT.timestamp()))

    assert found_in(evidence) == [(Kind.LOST, 1), (Kind.DUPLICATED, 1)]


def test_an_upstream_that_was_asked_twice_for_one_attempt_is_a_loss(evidence: Evidence) -> None:
    evidence.arrivals.append(evidence.arrivals[0])

    assert found_in(evidence) == [(Kind.LOST, 1)]


def test_an_upstream_that_hung_up_may_be_asked_once_more_for_one_attempt(evidence: Evidence) -> None:
    evidence.arrivals[0] = replace(evidence.arrivals[0], is_hung_up_on=True)
    evidence.arrivals.append(evidence.arrivals[0])
    assert found_in(evidence) == []

    evidence.arrivals.append(evidence.arrivals[0])

    assert found_in(evidence) == [(Kind.LOST, 1)]


@pytest.mark.parametrize("counter", ["requests", "attempts"])
def test_statistics_that_count_more_than_there_are_rows_have_counted_twice(evidence: Evidence, counter: str) -> None:
    more = {counter: getattr(evidence.statistics[1], counter) + 1}
    evidence.statistics[1] = replace(evidence.statistics[1], **more)

    assert found_in(evidence) == [(Kind.DUPLICATED, None)]


@pytest.mark.parametrize(
    ("counter", "number"),
    [
        *(("requests", 2), ("attempts", 2), ("errors", 1), ("refused", 1), ("cancelled", 1), ("attempt_failures", 1)),
        *(("input_tokens", 1), ("output_tokens", 1), ("cost_usd", Decimal(1)), ("latency_ms_sum", 29.0)),
    ],
)
def test_statistics_that_are_not_the_sum_of_the_rows_are_miscounted(
    evidence: Evidence, counter: str, number: int | float | Decimal
) -> None:
    wrong: dict[str, int | float | Decimal] = {counter: number}
    evidence.statistics[0] = replace(evidence.statistics[0], **wrong)  # type: ignore[arg-type]  # each has its own

    assert found_in(evidence) == [(Kind.MISCOUNTED, None)]


def test_statistics_of_a_target_that_no_row_has_are_found(evidence: Evidence) -> None:
    evidence.statistics.append(replace(evidence.statistics[0], model="large", requests=0, attempts=0))

    assert {finding.kind for finding in reconcile(evidence)} == {Kind.MISCOUNTED}


@pytest.mark.parametrize(
    "wrong",
    [
        {"outcome": "cancelled"},
        {"status": 201},
        {"id": id_of(99)},
        {"attempt_count": 2},
        {"input_tokens": 1},
        {"output_tokens": None},
        {"cost_usd": None},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_row_that_contradicts_what_was_seen_is_miscounted(evidence: Evidence, wrong: dict[str, object]) -> None:
    evidence.requests[0] = replace(evidence.requests[0], **wrong)  # type: ignore[arg-type]  # each has its own

    assert (Kind.MISCOUNTED, 1) in found_in(evidence)


def test_a_stream_that_ends_in_silence_is_found_whatever_its_row_says(evidence: Evidence) -> None:
    evidence.said[0] = replace(evidence.said[0], ending=Ending.SILENT)

    assert found_in(evidence) == [(Kind.MISCOUNTED, 1)]


def test_whoever_left_or_was_cut_off_contradicts_no_outcome(evidence: Evidence) -> None:
    evidence.said[0] = replace(evidence.said[0], ending=Ending.LEFT)
    evidence.said[1] = replace(evidence.said[1], ending=Ending.CUT, status=None, request_id=None)

    assert found_in(evidence) == []


def test_a_row_of_a_request_that_nobody_sent_is_found(evidence: Evidence) -> None:
    evidence.requests[0] = replace(evidence.requests[0], request_bytes=7)

    assert (Kind.MISCOUNTED, None) in found_in(evidence)


def test_a_row_for_a_key_that_nobody_made_is_found(evidence: Evidence) -> None:
    evidence.errands[1] = replace(evidence.errands[1], key="")
    evidence.requests[0] = replace(evidence.requests[0], key_name="")

    assert found_in(evidence) == [(Kind.MISCOUNTED, 1)]


def test_a_finding_is_told_with_all_that_happened_meanwhile(evidence: Evidence) -> None:
    evidence.arrivals.append(evidence.arrivals[0])
    evidence.kills = [Kill(at=AT.timestamp() - 1, part="celery", process=17)]
    outcome = outage.Outcome(
        evidence=evidence, findings=reconcile(evidence), phases=phases(normal=1, dead=1, frozen=1), exit_code=0
    )

    said = "\n".join(report.lines(report.of_outage(outcome, 1)))

    assert "LOST: steady/small was asked 2 times, and 1 attempts are kept" in said
    assert "12:30:04.000  killed: celery (17)" in said
    assert f"row {id_of(1)}: ok, 200" in said
    assert said.endswith("lost 1, duplicated 0, miscounted 0")
