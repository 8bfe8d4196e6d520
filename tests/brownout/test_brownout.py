"""The brown-out command: what it prints, how it is made, its upstream, and a short real run in which nobody notices."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path

import aiohttp
import pytest

from benchmarks.brownout import judge, report, traffic
from benchmarks.brownout.run import Schedule
from benchmarks.brownout.sickness import Sickness
from benchmarks.brownout.upstream import Upstream
from benchmarks.chaos.errands import Wish, body_of
from gateway.management.commands import brownout
from tests.brownout.story import TIMES, all_dead, story

ROOT = Path(__file__).parents[2]


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
