"""The chaos command: what is asked for, its witness, clients and killer, and a short real run that finds nothing."""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from benchmarks.chaos.clients import Clients, Look
from benchmarks.chaos.errands import MIXED, Order, Wish, body_of, orders, usage_of
from benchmarks.chaos.evidence import (
    Ending,
    Errand,
)
from benchmarks.chaos.killing import Killer
from benchmarks.chaos.parts import Part
from benchmarks.chaos.witness import Witness
from tests.chaos.evidence import SIZE

ROOT = Path(__file__).parents[2]


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
        "stream 500 20": (Ending.LEFT, 200, ""),
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
        name="sleeper", command=[sys.executable, "-c", "import time; time.sleep(600)"], folder=folder,
        log=folder / "log", environ=os.environ, lives_seconds=lives.get("lives", (0.05, 0.1)),
    )  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc")
async def test_parts_are_killed_and_started_again_as_often_as_is_wanted_and_strangers_never(tmp_path: Path) -> None:
    part, stranger = sleeping(tmp_path), sleeping(tmp_path)
    killer = Killer([part], random.Random(1), most_kills=4, lives_times=1)
    for one in (part, stranger):
        one.start()
    try:
        await asyncio.wait_for(killer.run(), 120)
        await killer.restore()

        assert part.is_alive
        assert stranger.is_alive
        assert killer.per_part == {"sleeper": 4}
        assert len({kill.process for kill in killer.kills}) == 4
    finally:
        for one in (part, stranger):
            one.kill_now()


# The real thing


def test_a_short_run_kills_every_part_and_finds_everything_in_its_place(tmp_path: Path) -> None:
    file = tmp_path / "chaos.json"
    command = [sys.executable, "manage.py", "chaos", "--short", "--seconds", "10", "--seed", "11", "--json", str(file)]

    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=900)

    assert run.returncode == 0, run.stdout + run.stderr
    found = json.loads(file.read_text())
    assert (found["lost"], found["duplicated"], found["miscounted"]) == (0, 0, 0)
    assert set(found["kills_per_part"]) == {"postgres", "valkey", "web worker", "celery"}
    assert found["kills"] == sum(found["kills_per_part"].values()) == len(found["kill_log"])
    assert found["requests"] >= 500
    assert found["rows"] > found["requests"] / 2
