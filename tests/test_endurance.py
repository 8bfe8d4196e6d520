"""The endurance trials in their short forms, and that they notice what they look for."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from io import StringIO
from pathlib import Path
from shutil import which
from typing import Any

import pytest
import uvloop
from django.core.management import call_command

from benchmarks.endurance import cancels, disconnects, growth, restarts
from benchmarks.endurance.calls import Calls
from benchmarks.endurance.clients import Tally
from benchmarks.endurance.growth import Limits
from benchmarks.endurance.hanging import HangingUpstreams
from benchmarks.endurance.left import Held, Left
from benchmarks.endurance.moments import Moment
from benchmarks.endurance.restarts import Restart
from benchmarks.endurance.watching import Sample
from benchmarks.programs import Requests
from providers.client import UpstreamTransport

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc")
needs_compiler = pytest.mark.skipif(which("cc") is None, reason="there is no C compiler")
LOOPS = pytest.mark.parametrize(
    "loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)


# Cancels


@LOOPS
def test_calls_cancelled_at_every_moment_leave_nothing(
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    outcome = cancels.run(1500, seed=7, loop_factory=loop_factory)

    assert outcome.objections == []
    assert outcome.cancelled.total() == 1500


class Forgetful(cancels.Cancelling):
    """Begins a call that nobody cancels, just before it looks at what is left: one that connects for 3 s."""

    patience_seconds = 1.5

    async def left(self, transport: UpstreamTransport, before: Held) -> Left:
        calls = Calls(transport, self.upstreams.ports, self.chance)
        forgotten = asyncio.create_task(calls.ask(f"http://127.0.0.1:{self.upstreams.ports['full']}/"))
        await asyncio.sleep(0.1)  # so that it has begun
        found = await super().left(transport, before)
        forgotten.cancel()
        return found


def test_a_call_that_is_not_cancelled_is_noticed() -> None:
    with HangingUpstreams() as upstreams, asyncio.Runner() as runner:
        outcome = runner.run(Forgetful(upstreams, seed=7).run(200))

    left = outcome.left
    assert (left.connections, left.slots, left.tasks, left.descriptors) == (1, 1, 1, 1)
    assert any("Something is left" in objection for objection in outcome.objections)


def test_a_moment_that_was_not_met_and_a_request_that_fails_are_objections() -> None:
    outcome = cancels.Outcome(seed=1, cancelled=Counter(dict.fromkeys(Moment, 100)), next_request_works=True)
    assert outcome.objections == []

    outcome.cancelled[Moment.HANDSHAKE] = 0
    outcome.next_request_works = False

    assert outcome.objections == ["Hardly a call was cancelled in the TLS handshake.", "The next request failed."]


# Disconnects


@needs_compiler
@pytest.mark.django_db
@pytest.mark.halves("embedded")  # its gateway has a folder and a database of its own
def test_five_thousand_requests_with_a_fifth_left_by_their_clients_leave_nothing(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    said = StringIO()

    call_command("endurance", "disconnects", requests=5000, file=file, stdout=said)

    figures = json.loads(file.read_text())
    load = figures["load"]
    assert "Verdict: passed." in said.getvalue()
    assert load["left"] == pytest.approx(1000, rel=0.15)
    assert load["requests"] + load["left"] == 5000
    assert figures["endings"]["cancelled"] > 100
    assert len(figures["samples"]) >= 2


def a_sample(**figures: Any) -> Sample:  # Any: whatever a sample has
    same = dict.fromkeys(Sample.names(), 0)
    return Sample(**{**same, "pss_kib": 100_000, "descriptors": 20, "tasks": 4, **figures})


LIMITS = Limits(growth_kib=1000, slope_kib=5)


def test_what_came_back_to_its_baseline_has_passed() -> None:
    samples = [a_sample(requests=number, pss_kib=100_000 + number % 7) for number in range(0, 10_000, 500)]

    assert list(growth.objections(a_sample(), samples, a_sample(requests=10_000), LIMITS)) == []


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({"descriptors": 29}, "9 more descriptors"),
        ({"tasks": 5}, "1 more tasks"),
        ({"slots": 1}, "1 more slots"),
        ({"in_flight": 1}, "did not come to rest"),
        ({"pending": 1}, "did not come to rest"),
        ({"pss_kib": 101_001}, "grew by 1,001 KiB"),
    ],
)
def test_each_thing_that_stays_is_an_objection(figures: Mapping[str, int], said: str) -> None:
    found = list(growth.objections(a_sample(), [a_sample(requests=1)], a_sample(requests=1, **figures), LIMITS))

    assert any(said in objection for objection in found)


def test_the_slope_is_that_of_the_second_half() -> None:
    early = [a_sample(requests=number, pss_kib=number * 3) for number in range(0, 5000, 500)]
    late = [a_sample(requests=number, pss_kib=90_000 + number // 100) for number in range(5000, 10_001, 500)]

    assert growth.slope_kib([*early, *late]) == pytest.approx(10)
    assert any("10.0 KiB per 1,000" in said for said in growth.objections(early[0], [*early, *late], late[-1], LIMITS))


def test_the_slope_is_the_least_squares_line() -> None:
    assert growth.slope([(1, 2), (2, 2), (3, 5), (4, 5)]) == pytest.approx(1.2)
    assert growth.slope([(1, 7)]) == growth.slope([]) == 0


def test_a_request_that_failed_or_is_not_in_the_history_is_an_objection() -> None:
    load = Requests(
        requests=9, left=0, errors=1, seconds=1, p50_us=1, p90_us=1, p99_us=1, max_us=1, first_error="HTTP/1.1 502"
    )
    outcome = disconnects.Outcome(
        seed=1, limits=LIMITS, baseline=a_sample(), end=a_sample(), samples=[a_sample()], load=load
    )
    outcome.lost, outcome.endings = 1, {"ok": 8, "failed": 1}

    assert outcome.objections == [
        "1 requests failed: HTTP/1.1 502",
        "The history lacks 1 requests.",
        "The history has requests that are failed.",
    ]


# Restarts


A_RESTART = Restart(ready_seconds=1, ended_seconds=1, exit_code=0, open_streams=3, tally=Tally())


def test_restarts_that_nobody_noticed_have_passed() -> None:
    outcome = restarts.Outcome(restarts=[A_RESTART], tally=Tally(streams=2, whole=3), endings={"ok": 5})

    assert outcome.objections == []


@pytest.mark.parametrize(
    ("tally", "restart", "endings"),
    [
        (Tally(whole=5, failed=1), A_RESTART, {"ok": 5}),
        (Tally(whole=5, cut=1), A_RESTART, {"ok": 5}),
        (Tally(whole=5), replace(A_RESTART, exit_code=1), {"ok": 5}),
        (Tally(whole=5), replace(A_RESTART, open_streams=0), {"ok": 5}),
        (Tally(whole=5), A_RESTART, {"ok": 4}),
        (Tally(whole=5), A_RESTART, {"ok": 5, "cancelled": 1}),
    ],
)
def test_whatever_a_client_or_the_history_noticed_is_an_objection(
    tally: Tally, restart: Restart, endings: Mapping[str, int]
) -> None:
    outcome = restarts.Outcome(restarts=[restart], tally=tally, endings=endings)

    assert len(outcome.objections) == 1
