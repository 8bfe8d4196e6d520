"""The judge of a brown-out finds every broken promise in fabricated evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from benchmarks.brownout import judge
from benchmarks.brownout.evidence import Evidence, Try
from benchmarks.chaos.evidence import Ending
from tests.brownout.story import ALONE_SECONDS, RETURN_SECONDS, SICK, TIMES, is_away, story


def objections(evidence: Evidence) -> list[str]:
    return list(judge.objections(judge.figures(evidence)))


def only_objection(evidence: Evidence) -> str:
    (objection,) = objections(evidence)
    return objection


def test_a_brown_out_that_nobody_noticed_keeps_every_promise() -> None:
    found = judge.figures(story())

    assert list(judge.objections(found)) == []
    assert found.share == 0.0
    assert found.share_before == pytest.approx(1 / 3, abs=0.01)
    assert found.back_seconds == pytest.approx(RETURN_SECONDS, abs=1.1)
    assert found.tries_per_request == 1.0


def test_clients_that_noticed_are_counted_however_it_showed() -> None:
    evidence = story()
    ways: list[dict[str, Any]] = [
        {"status": 502},
        {"ending": Ending.CUT, "status": None},
        {"ending": Ending.TOLD},
        {"status": 504},
    ]
    broken = list(evidence.said)
    for number, way in enumerate(ways):
        broken[1000 + number] = replace(broken[1000 + number], **way)

    objection = only_objection(replace(evidence, said=broken))

    assert objection.startswith("4 of 3,000 clients noticed")


def test_as_many_failures_as_are_allowed_are_no_objection() -> None:
    evidence = story()
    broken = list(evidence.said)
    for number in range(3):
        broken[1000 + number] = replace(broken[1000 + number], status=502)

    assert objections(replace(evidence, said=broken)) == []


def test_a_failure_before_the_illness_is_not_its_doing() -> None:
    evidence = story()
    broken = [replace(one, status=502) if one.began_at < TIMES.ill else one for one in evidence.said]

    assert judge.figures(replace(evidence, said=broken)).failed == 0


def test_a_single_stream_that_ends_in_silence_is_too_much() -> None:
    evidence = story()
    broken = list(evidence.said)
    broken[1000] = replace(broken[1000], ending=Ending.SILENT)

    assert only_objection(replace(evidence, said=broken)) == "1 streams broke and ended as if they were whole."


def test_a_sick_one_that_goes_on_being_asked_is_found() -> None:
    def now_and_then(at: float) -> bool:
        return is_away(at) and at % 20 > 1  # one second of twenty: a third of a twentieth

    objection = only_objection(story(now_and_then))

    assert objection.startswith("After 10 s the sick one got 1.3% of the tries")


def test_ten_seconds_to_notice_are_allowed() -> None:
    def slowly(at: float) -> bool:
        return TIMES.ill + judge.NOTICED_SECONDS <= at < TIMES.well

    assert objections(story(slowly)) == []


@pytest.mark.parametrize(("seconds", "told"), [(33.0, "after 3"), (100.0, "never")])
def test_who_comes_back_too_late_is_found(seconds: float, told: str) -> None:
    def late(at: float) -> bool:
        return TIMES.ill + ALONE_SECONDS <= at < TIMES.well + seconds

    assert only_objection(story(late)).startswith(f"It had its full share again {told}")


def test_a_tenth_of_its_share_is_not_all_of_it() -> None:
    def nearly_always(at: float) -> bool:
        return at >= TIMES.ill + ALONE_SECONDS and (at < TIMES.well or at % 1 > 0.1)

    assert only_objection(story(nearly_always)).startswith("It had its full share again never")


def test_others_that_became_slower_are_found() -> None:
    evidence = story()
    slower = [
        replace(one, head_ms=46.0) if TIMES.ill <= one.began_at < TIMES.well and one.number % 50 == 0 else one
        for one in evidence.said
    ]

    assert only_objection(replace(evidence, said=slower)) == "The p99 of the others rose by 6.0 ms; 5 ms are allowed."


def test_a_request_that_the_sick_one_held_up_says_nothing_of_the_others() -> None:
    evidence = story()
    touched = {one.request_id for one in evidence.tries if one.provider == SICK and one.at >= TIMES.ill}
    held_up = [replace(one, head_ms=3000.0) if one.request_id in touched else one for one in evidence.said]

    found = judge.figures(replace(evidence, said=held_up))

    assert list(judge.objections(found)) == []
    assert (found.longest_ms, found.p99_all_ms) == (3000.0, 3000.0)


def test_a_history_that_tells_of_less_or_more_than_an_upstream_saw_is_found() -> None:
    evidence = story()
    less = replace(evidence, arrivals={**evidence.arrivals, "left": evidence.arrivals["left"][1:]})
    more = replace(evidence, arrivals={**evidence.arrivals, "right": [*evidence.arrivals["right"], TIMES.ill]})

    assert only_objection(less).startswith("left was asked")
    assert only_objection(more).startswith("right was asked")


def test_a_try_that_found_nobody_need_not_have_been_seen() -> None:
    evidence = story()
    refused = Try(request_id=UUID(int=1000), provider=SICK, at=TIMES.ill + 1, condition="connection")

    assert objections(replace(evidence, tries=[*evidence.tries, refused])) == []


def test_a_run_without_clients_proves_nothing() -> None:
    assert only_objection(replace(story(), said=[])) == "No client asked for anything."
