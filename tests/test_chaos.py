"""The chaos command: its judge finds what is wrong in fabricated evidence, and a short real run finds nothing."""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import TypedDict
from uuid import UUID

import pytest

from benchmarks.chaos import outage, report
from benchmarks.chaos.clients import Clients, Look
from benchmarks.chaos.errands import MIXED, PRICES, Order, Wish, body_of, orders, usage_of
from benchmarks.chaos.evidence import (
    Arrival,
    AttemptRow,
    Ending,
    Errand,
    Evidence,
    Kill,
    RequestRow,
    Said,
    StatRow,
)
from benchmarks.chaos.killing import Killer
from benchmarks.chaos.parts import Part
from benchmarks.chaos.reconcile import Finding, Kind, reconcile
from benchmarks.chaos.witness import Witness

ROOT = Path(__file__).parent.parent


class OfTarget(TypedDict):
    """What a row says of its target."""

    provider: str
    model: str
    target_id: int


AT = datetime(2026, 11, 20, 12, 30, 5, tzinfo=UTC)
MINUTE, HOUR = AT.replace(second=0), AT.replace(minute=0, second=0)
SMALL: OfTarget = {"provider": "steady", "model": "small", "target_id": 1}
SIZE = 500


def id_of(number: int) -> UUID:
    return UUID(int=number)


def answered(number: int) -> Evidence:
    """All that there is of one request to which nothing happened."""
    errand = Errand(number=number, key="chaos one", model="steady", size=400 + number, **usage_of(number))
    at = AT.timestamp()
    return Evidence(
        errands={number: errand},
        said=[
            Said(
                number=number, began_at=at, ended_at=at + 0.01, ending=Ending.WHOLE, status=200,
                request_id=id_of(number), head_ms=10.0,
            )
        ],
        arrivals=[Arrival(number=number, provider="steady", model="small", at=at)],
        requests=[
            RequestRow(
                id=id_of(number), started_at=AT, key_name="chaos one", requested_model="steady",
                request_bytes=400 + number, alias="steady", **SMALL, outcome="ok", status=200, error_code="",
                latency_ms=10.0, **usage_of(number), cost_usd=cost_of(number), attempt_count=1,
            )
        ],
        attempts=[
            AttemptRow(
                request_id=id_of(number), number=1, **SMALL, started_at=AT, status=200, outcome="ok", condition=""
            )
        ],
        prices=PRICES,
    )  # fmt: skip


def cost_of(number: int) -> Decimal:
    used = usage_of(number)
    return Decimal(used["input_tokens"] + 2 * used["output_tokens"]) / 1_000_000


def counted(numbers: range) -> list[StatRow]:
    """The statistics of these requests, as they should be."""
    total = StatRow(
        resolution="minute", bucket_start=MINUTE, alias="steady", **SMALL,
        requests=len(numbers), attempts=len(numbers), latency_ms_sum=10.0 * len(numbers),
        input_tokens=sum(usage_of(number)["input_tokens"] for number in numbers),
        output_tokens=sum(usage_of(number)["output_tokens"] for number in numbers),
        cost_usd=sum(map(cost_of, numbers), Decimal(0)),
    )  # fmt: skip
    return [total, replace(total, resolution="hour", bucket_start=HOUR)]


@pytest.fixture
def evidence() -> Evidence:
    """Three requests to which nothing happened, numbered from 1."""
    numbers = range(1, 4)
    whole = Evidence(prices=PRICES, statistics=counted(numbers))
    for one in map(answered, numbers):
        whole.errands |= one.errands
        for story in ("said", "arrivals", "requests", "attempts"):
            getattr(whole, story).extend(getattr(one, story))
    return whole


def found_in(evidence: Evidence) -> list[tuple[Kind, int | None]]:
    return [(finding.kind, finding.errand) for finding in reconcile(evidence)]


# What the judge finds


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


# The verdict on an outage


def phases(**p99_ms: float) -> dict[str, outage.Phase]:
    return {
        name: outage.Phase(name=name, requests=9, p50_ms=1, p99_ms=slow, longest_ms=slow, drain_seconds=1)
        for name, slow in p99_ms.items()
    }


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


@pytest.mark.parametrize("name", ["normal", "dead", "frozen"])
def test_an_outage_in_which_nobody_asked_has_shown_nothing(evidence: Evidence, name: str) -> None:
    found = phases(normal=2, dead=2, frozen=2)
    found[name] = replace(found[name], requests=0)

    assert not outcome_of(evidence, found, []).is_clean


def test_a_percentile_is_one_of_the_numbers() -> None:
    numbers = [float(number) for number in range(1, 101)]

    assert [outage.percentile(numbers, share) for share in (0.01, 0.5, 0.99, 1.0)] == [1, 50, 99, 100]
    assert outage.percentile([], 0.99) == 0


# What is asked for


def first(seed: int, number: int = 3000) -> list[Order]:
    return list(islice(orders(random.Random(seed), MIXED), number))


def test_no_two_errands_bear_the_same_mark() -> None:
    assert len({order.errand.mark for order in first(1)}) == 3000


def test_a_body_has_the_size_that_is_its_mark() -> None:
    assert all(len(order.body) == order.errand.size for order in first(1))


def test_a_seed_always_asks_for_the_same() -> None:
    assert first(1, 200) == first(1, 200) != first(2, 200)


# The witness and the clients


def scripted(wishes: Iterable[Wish]) -> Iterator[Order]:
    """One errand for each, in this order."""
    for number, wish in enumerate(wishes, 1):
        errand = Errand(number=number, key="chaos one", model=wish.model, size=SIZE, **usage_of(number))
        yield Order(
            errand=errand, body=body_of(wish, number, SIZE), streams=wish.streams,
            leaves_after_seconds=wish.leaves_after_seconds,
        )  # fmt: skip


async def test_whatever_the_witness_is_asked_to_do_is_seen_by_the_client() -> None:
    scripts = {
        "whole 0": (Ending.WHOLE, 200, ""),
        "stream 2 1": (Ending.FINISHED, 200, ""),
        "status 429": (Ending.WHOLE, 429, "wished"),
        "cut 2 1": (Ending.CUT, 200, "ClientPayloadError"),
        "hangup 1": (Ending.CUT, None, "ServerDisconnectedError"),
        "garbage": (Ending.WHOLE, 200, ""),
        "stream 50 20": (Ending.LEFT, 200, ""),
    }
    wishes = [
        Wish(model="small", script=script, leaves_after_seconds=1 if "50" in script else None) for script in scripts
    ]
    async with Witness() as witness:
        clients = Clients(f"http://127.0.0.1:{witness.port}/steady", {}, scripted(wishes), per_second=200)

        await clients.run()

    seen = {said.number: (said.ending, said.status, said.why) for said in clients.said}
    assert [seen[number] for number in sorted(seen)] == list(scripts.values())
    assert sorted(arrival.number for arrival in witness.arrivals) == list(range(1, len(scripts) + 1))


@pytest.mark.parametrize(
    ("last", "ending", "why"),
    [
        (b"data: [DONE]", Ending.FINISHED, ""),
        (b'data: {"error":{"code":"upstream_disconnected"}}', Ending.TOLD, "upstream_disconnected"),
        (b'data: {"choices":[]}', Ending.SILENT, ""),
    ],
)
def test_how_a_stream_ended_is_read_from_its_last_event(last: bytes, ending: Ending, why: str) -> None:
    look = Look(number=1)
    look.received += b'data: {"choices":[]}\n\n' + last + b"\n\n"

    look.at_end("text/event-stream")

    assert (look.said().ending, look.said().why) == (ending, why)


# Who is killed


def sleeping(folder: Path, **lives: tuple[float, float]) -> Part:
    return Part(
        name="sleeper", command=[sys.executable, "-c", "import time; time.sleep(60)"], folder=folder,
        log=folder / "log", environ=os.environ, lives_seconds=lives.get("lives", (0.05, 0.1)),
    )  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc")
async def test_parts_are_killed_and_started_again_as_often_as_is_wanted_and_strangers_never(tmp_path: Path) -> None:
    part, stranger = sleeping(tmp_path), sleeping(tmp_path)
    killer = Killer([part], random.Random(1), most_kills=4, lives_times=1)
    for one in (part, stranger):
        one.start()
    try:
        await asyncio.wait_for(killer.run(), 30)
        await killer.restore()

        assert part.is_alive
        assert stranger.is_alive
        assert killer.per_part == {"sleeper": 4}
        assert len({kill.process for kill in killer.kills}) == 4
    finally:
        for one in (part, stranger):
            one.kill_now()


# The real thing


@pytest.mark.halves("real")  # starts PostgreSQL and Valkey of its own
def test_a_short_run_kills_every_part_and_finds_everything_in_its_place(tmp_path: Path) -> None:
    file = tmp_path / "chaos.json"
    command = [sys.executable, "manage.py", "chaos", "--short", "--seconds", "10", "--seed", "11", "--json", str(file)]

    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)

    assert run.returncode == 0, run.stdout + run.stderr
    found = json.loads(file.read_text())
    assert (found["lost"], found["duplicated"], found["miscounted"]) == (0, 0, 0)
    assert set(found["kills_per_part"]) == {"postgres", "valkey", "web worker", "celery"}
    assert found["kills"] == sum(found["kills_per_part"].values()) == len(found["kill_log"])
    assert found["requests"] >= 500
    assert found["rows"] > found["requests"] / 2
