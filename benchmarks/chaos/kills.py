"""The run that kills: mixed traffic, and every part killed again and again; then all is let come to rest, and reconciled.

Before that, everything in the journals is told once more: what kills alone bring about by luck, a batch that arrives twice,
then happens to each.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import aiohttp

from benchmarks.chaos import books
from benchmarks.chaos.clients import Clients
from benchmarks.chaos.errands import MIXED, PRICES, orders
from benchmarks.chaos.evidence import Evidence
from benchmarks.chaos.killing import Killer
from benchmarks.chaos.reconcile import Finding, reconcile
from benchmarks.chaos.stage import Stage, set_up
from benchmarks.processes import raise_descriptor_limit

DRAIN_SECONDS = 120.0
"""A gateway takes over from a dead one every 30 s, and writes directly what no worker wrote within 30 s."""
LOOK_EVERY_SECONDS = 0.5
SAY_EVERY_SECONDS = 5.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long, how often."""

    per_second: float
    """Requests."""
    most_kills: int
    most_seconds: float
    """Whichever comes first ends it."""
    lives_times: float
    """How much longer than in the short form a part is let live."""


SHORT = Plan(per_second=60, most_kills=100, most_seconds=180, lives_times=1)
FULL = Plan(per_second=60, most_kills=100_000, most_seconds=540, lives_times=2)


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of a run."""

    evidence: Evidence
    findings: list[Finding]
    seconds: float
    """Of traffic."""
    drain_seconds: float | None
    """Until the database had everything; None: not within DRAIN_SECONDS, the first or the second time."""
    exit_code: int
    """Of the gateway, after SIGTERM."""

    @property
    def is_clean(self) -> bool:
        return not self.findings and self.drain_seconds is not None and self.exit_code == 0


async def run(plan: Plan, seed: int, say: Say, keep: Callable[[Stage], None]) -> Outcome:
    """`keep`: called, where something was found, before all is thrown away. Raises CannotMeasure."""
    raise_descriptor_limit()
    async with set_up(say) as stage:
        clients = Clients(
            stage.url, stage.keys, orders(random.Random(f"{seed} errands"), MIXED), per_second=plan.per_second
        )
        killer = Killer(
            stage.parts, random.Random(f"{seed} kills"), most_kills=plan.most_kills, lives_times=plan.lives_times
        )
        say(f"{plan.per_second:g} requests a second, and parts that die (seed {seed}) …")
        seconds = await _drive(clients, killer, plan.most_seconds, say)
        say("No more kills. Waiting until the backlog is drained …")
        await stage.until_servers_answer()
        drain_seconds = await _drained(stage)
        exit_code = await stage.gateway.stop()
        say("Telling the database everything once more …")
        if not await _told_again(stage):
            drain_seconds = None
        await stage.celery.stop()
        evidence = Evidence(
            errands=clients.errands,
            said=clients.said,
            arrivals=stage.witness.arrivals,
            kills=killer.kills,
            prices=PRICES,
        )
        await books.read_into(evidence, stage.database_url)
        outcome = Outcome(
            evidence=evidence, findings=reconcile(evidence), seconds=seconds, drain_seconds=drain_seconds,
            exit_code=exit_code,
        )  # fmt: skip
        if not outcome.is_clean:
            keep(stage)
        return outcome


async def _drive(clients: Clients, killer: Killer, most_seconds: float, say: Say) -> float:
    """Until there were enough kills, or the time is up; then until every client has seen its end. How long was sent."""
    began = time.monotonic()
    traffic, killing = asyncio.create_task(clients.run()), asyncio.create_task(killer.run())
    try:
        while not killing.done() and time.monotonic() - began < most_seconds:
            await asyncio.wait([killing], timeout=SAY_EVERY_SECONDS)
            if traffic.done():
                await traffic
            say(f"{time.monotonic() - began:5.0f} s  {_progress(clients, killer)}")
        await killer.restore()
        await killing
        clients.stop()
        seconds = time.monotonic() - began
        await traffic
        return seconds
    finally:
        for task in (traffic, killing):
            task.cancel()
        await asyncio.gather(traffic, killing, return_exceptions=True)


def _progress(clients: Clients, killer: Killer) -> str:
    parts = ", ".join(f"{part} {number}" for part, number in sorted(killer.per_part.items()))
    return f"{len(clients.errands):6} requests, {clients.under_way:4} under way; {len(killer.kills):4} kills: {parts}"


async def _told_again(stage: Stage) -> bool:
    """Let all journals be delivered a second time: then no row, attempt or count may be there twice. Whether they were."""
    stage.forget_what_was_delivered()
    await stage.start_gateway()
    return await _drained(stage) is not None and await stage.gateway.stop() == 0


async def _drained(stage: Stage) -> float | None:
    """Wait until the database has everything; how long it took."""
    began = time.monotonic()
    while (waited := time.monotonic() - began) < DRAIN_SECONDS:
        with suppress(aiohttp.ClientError, OSError, StopIteration):
            if stage.owners_of_unwritten_journals() <= set(stage.gateway.workers()) and not await stage.pending():
                return waited
        await asyncio.sleep(LOOK_EVERY_SECONDS)
    return None
