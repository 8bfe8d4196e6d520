"""The brown-out command: its judge finds every broken promise in fabricated evidence, and a short real run keeps them all."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import pytest

from benchmarks.brownout import judge, report, traffic
from benchmarks.brownout.evidence import Evidence, Times, Try
from benchmarks.brownout.run import Schedule
from benchmarks.brownout.sickness import Sickness
from benchmarks.brownout.upstream import Upstream
from benchmarks.chaos.errands import Wish, body_of
from benchmarks.chaos.evidence import Ending, Said
from gateway.management.commands import brownout

ROOT = Path(__file__).parent.parent
NAMES = ("left", "middle", "right")
SICK = "middle"
TIMES = Times(measured=1000.0, ill=1020.0, well=1080.0, end=1120.0)
PER_SECOND = 30
ALONE_SECONDS = 3.0
"""Until the sick one is left alone, in the good story."""
RETURN_SECONDS = 12.0
"""From its recovery until it is asked again."""


def moments(begin: float = TIMES.measured, end: float = TIMES.end) -> list[float]:
    return [begin + number / PER_SECOND for number in range(round((end - begin) * PER_SECOND))]


def served_by(number: int, at: float, away: Callable[[float], bool]) -> str:
    """Whose turn it is, while those who are well take turns."""
    return ("left", "right")[number % 2] if away(at) else NAMES[number % 3]


def is_away(at: float) -> bool:
    return TIMES.ill + ALONE_SECONDS <= at < TIMES.well + RETURN_SECONDS


def said(number: int, at: float, *, head_ms: float = 40.0) -> Said:
    return Said(
        number=number, began_at=at, ended_at=at + 0.05, ending=Ending.WHOLE, status=200, request_id=UUID(int=number),
        head_ms=head_ms,
    )  # fmt: skip


def story(away: Callable[[float], bool] = is_away, *, head_ms: float = 40.0) -> Evidence:
    """A brown-out in which all went well. `away`: when the sick one is not asked."""
    tries = [
        Try(request_id=UUID(int=number), provider=served_by(number, at, away), at=at, condition="")
        for number, at in enumerate(moments())
    ]
    return Evidence(
        upstreams=NAMES,
        sick=[SICK],
        times=TIMES,
        said=[said(number, at, head_ms=head_ms) for number, at in enumerate(moments())],
        tries=tries,
        arrivals={name: [one.at for one in tries if one.provider == name] for name in NAMES},
    )


def objections(evidence: Evidence) -> list[str]:
    return list(judge.objections(judge.figures(evidence)))


def only_objection(evidence: Evidence) -> str:
    (objection,) = objections(evidence)
    return objection


# What the judge finds


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


# When everybody is dead


def all_dead() -> Evidence:
    """Everybody is refused at once, with a word when to come back; a try now and then."""
    good = story(lambda at: False)
    refused = [
        replace(one, status=503, head_ms=4.0, retry_after="5") if TIMES.ill <= one.began_at < TIMES.well else one
        for one in good.said
    ]
    tries = [one for one in good.tries if not TIMES.ill <= one.at < TIMES.well or one.request_id.int % 50 == 0]
    return replace(good, sick=NAMES, said=refused, tries=tries)


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


# What is printed


def test_what_is_printed_names_every_figure_and_every_objection() -> None:
    bad = replace(judge.figures(story()), failed=77, back_seconds=None)
    told = report.document({"late": bad, "total": judge.total_figures(all_dead())}, {"late": TIMES, "total": TIMES}, 5)

    text = "\n".join(report.lines(json.loads(json.dumps(told))))

    assert not told["holds"]
    assert "late: 77 of 3,000 clients noticed" in text
    assert "never" in text
    assert text.endswith("Not everything holds: see above.")


def test_a_timeline_shows_the_least_share_and_when_the_illness_began_and_ended() -> None:
    assert report.sparkline([0.5, 0.5, 0.0, 0.01, 0.25, 0.5], [2.0, 4.0]) == "██┊ ▁┊▄█"


def test_a_long_timeline_fits_a_line() -> None:
    assert len(report.sparkline([0.3] * 600, [20.0, 500.0])) <= report.WIDEST + 2


# How it is made


def test_a_mode_takes_as_long_as_was_asked_for_and_recovery_gets_its_time() -> None:
    for seconds in (brownout.LEAST_SECONDS, brownout.SHORT_SECONDS, brownout.FULL_SECONDS):
        schedule = Schedule.of(seconds)

        assert schedule.warm + schedule.ill + schedule.well == pytest.approx(seconds)
        assert schedule.well >= judge.MOST_BACK_SECONDS + judge.WINDOW_SECONDS
        assert schedule.ill > judge.NOTICED_SECONDS


def test_the_command_line_names_every_sickness() -> None:
    assert tuple(Sickness) == brownout.SICKNESSES


def test_the_same_seed_asks_for_the_same() -> None:
    first, again, other = (
        [order.body for order in islice(traffic.orders(random.Random(seed)), 50)] for seed in (3, 3, 4)
    )

    assert first == again != other
    assert {len(body) for body in first} == {traffic.BODY_BYTES}


# The upstream


async def asked(upstream: Upstream, script: str, *, seconds: float = 0.5) -> tuple[int, bytes]:
    """Status and body. Raises what aiohttp raises, or TimeoutError."""
    wish = Wish(model="three", script=script, streams=script.startswith("stream"))
    url, body = f"{upstream.url}/chat/completions", body_of(wish, 7, 400)
    async with aiohttp.ClientSession() as session, asyncio.timeout(seconds), session.post(url, data=body) as response:
        return response.status, await response.read()


async def test_a_sick_upstream_does_what_its_sickness_says_and_gets_well() -> None:
    async with Upstream("middle", random.Random(1)) as upstream:
        seen: dict[Sickness, list[object]] = {}
        for sickness in Sickness:
            await upstream.fall_ill(sickness)
            seen[sickness] = await asyncio.gather(
                *(asked(upstream, script) for script in ["whole 0", "stream 9 5"] * 4), return_exceptions=True
            )
            await upstream.recover()
            status, _ = await asked(upstream, "whole 0")
            assert status == 200

    assert all(isinstance(one, TimeoutError) for one in seen[Sickness.STALLS] + seen[Sickness.LATE])
    assert {one[0] for one in seen[Sickness.HALF] if isinstance(one, tuple)} == {200, 500}
    assert all(isinstance(one, aiohttp.ClientConnectorError) for one in seen[Sickness.DEAD])
    assert all(isinstance(one, aiohttp.ClientPayloadError) for one in seen[Sickness.CUTS])


# The real thing


@pytest.mark.halves("real")  # takes a minute, and the embedded half is the longer one
def test_a_short_run_lets_nobody_notice(tmp_path: Path) -> None:
    file = tmp_path / "brownout.json"
    command = [
        sys.executable,
        "manage.py",
        "brownout",
        "--short",
        "--mode",
        "half",
        "--seed",
        "11",
        "--json",
        str(file),
    ]

    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)

    told = json.loads(file.read_text())["modes"]["half"]
    # How fast the others are is for a machine that does nothing else.
    broken = [one for one in told["objections"] if "p99" not in one]
    assert broken == [], run.stdout + run.stderr
    assert run.returncode == (1 if told["objections"] else 0), run.stdout + run.stderr
    assert told["requests"] > 1000
    assert told["share_before"] > 0.2
