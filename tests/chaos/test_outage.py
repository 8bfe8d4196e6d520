"""The verdict on an outage of both servers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.chaos import outage
from benchmarks.chaos.evidence import Evidence
from benchmarks.chaos.reconcile import Finding
from tests.chaos.evidence import phases


def outcome_of(evidence: Evidence, phases: dict[str, outage.Phase], findings: list[Finding]) -> outage.Outcome:
    return outage.Outcome(evidence=evidence, findings=findings, phases=phases, exit_code=0)


def test_an_outage_that_nobody_noticed_is_clean(evidence: Evidence) -> None:
    assert outcome_of(evidence, phases(normal=2, dead=6.9, frozen=1), []).is_clean


def test_a_request_that_fails_in_an_outage_spoils_it(evidence: Evidence) -> None:
    evidence.said[0] = replace(evidence.said[0], status=503)

    assert not outcome_of(evidence, phases(normal=2, dead=2, frozen=2), []).is_clean


@pytest.mark.parametrize("slow", ["dead", "frozen"])
def test_an_outage_that_slows_requests_down_by_more_than_5_ms_is_not_clean(evidence: Evidence, slow: str) -> None:
    outcome = outcome_of(evidence, phases(**({"normal": 2.0, "dead": 2.0, "frozen": 2.0} | {slow: 7.1})), [])

    assert not outcome.is_clean


@pytest.mark.parametrize("name", ["dead", "frozen"])
def test_a_backlog_that_stays_is_not_clean(evidence: Evidence, name: str) -> None:
    found = phases(normal=2, dead=2, frozen=2)
    found[name] = replace(found[name], drain_seconds=None)

    assert not outcome_of(evidence, found, []).is_clean


def test_a_percentile_is_one_of_the_numbers() -> None:
    numbers = [float(number) for number in range(1, 101)]

    assert [outage.percentile(numbers, share) for share in (0.01, 0.5, 0.99, 1.0)] == [1, 50, 99, 100]
    assert outage.percentile([], 0.99) == 0


@pytest.mark.parametrize("name", ["normal", "dead", "frozen"])
def test_an_outage_in_which_nobody_asked_has_shown_nothing(evidence: Evidence, name: str) -> None:
    found = phases(normal=2, dead=2, frozen=2)
    found[name] = replace(found[name], requests=0)

    assert not outcome_of(evidence, found, []).is_clean
