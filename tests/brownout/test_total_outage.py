"""What the judge finds when everybody is dead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.brownout import judge
from benchmarks.brownout.evidence import Evidence
from benchmarks.chaos.evidence import Ending
from tests.brownout.story import TIMES, all_dead, story


def total_objections(evidence: Evidence) -> list[str]:
    return list(judge.total_objections(judge.total_figures(evidence)))


def changed(evidence: Evidence, **way: object) -> Evidence:
    """One request of the outage came to something else."""
    changed = [replace(one, **way) if one.number == 1501 else one for one in evidence.said]  # type: ignore[arg-type]
    return replace(evidence, said=changed)


def test_fast_refusals_keep_every_promise() -> None:
    found = judge.total_figures(all_dead())

    assert list(judge.total_objections(found)) == []
    assert found.tries_per_request < 0.1
    assert found.back_seconds == 0.0


def test_a_multiplied_outage_is_found() -> None:
    evidence = all_dead()
    twice = [one for one in story(lambda at: False).tries if TIMES.ill <= one.at < TIMES.well - 1] * 2

    (objection,) = total_objections(replace(evidence, tries=twice))

    assert objection.startswith("1.96 tries for each request")


def test_slow_refusals_are_found() -> None:
    evidence = all_dead()
    slow = [replace(one, head_ms=200.0) if one.number % 50 == 1 else one for one in evidence.said]

    (objection,) = total_objections(replace(evidence, said=slow))

    assert objection.startswith("The p99 of refusals is 200 ms")


def test_a_try_in_vain_that_takes_its_time_is_found() -> None:
    evidence = all_dead()
    slow = [replace(one, head_ms=2000.0) if one.number % 50 == 0 else one for one in evidence.said]

    (objection,) = total_objections(replace(evidence, said=slow))

    assert objection.startswith("The p99 of tries in vain is 2000 ms")


def test_an_outage_in_which_everybody_is_asked_each_time_is_found() -> None:
    evidence = all_dead()

    assert total_objections(replace(evidence, tries=story(lambda at: False).tries)) == [
        "Nobody was refused without a try."
    ]


def test_a_refusal_without_a_word_when_to_come_back_is_found() -> None:
    (objection,) = total_objections(changed(all_dead(), retry_after=""))

    assert objection == "1 of 1,617 refusals do not say when to come back."


@pytest.mark.parametrize("way", [{"status": 500}, {"status": None, "ending": Ending.CUT}, {"ending": Ending.TOLD}])
def test_whoever_sees_something_else_than_a_refusal_is_found(way: dict[str, object]) -> None:
    (objection,) = total_objections(changed(all_dead(), **way))

    assert objection == "1 of 1,650 clients saw something else than a refusal."


@pytest.mark.parametrize(("seconds", "told"), [(35.0, "after 35.0 s"), (100.0, "never")])
def test_an_outage_that_outlasts_its_cause_is_found(seconds: float, told: str) -> None:
    evidence = all_dead()
    until = TIMES.well + seconds
    refused = [replace(one, status=503) if TIMES.well <= one.began_at <= until else one for one in evidence.said]

    (objection,) = total_objections(replace(evidence, said=refused))

    assert told in objection
