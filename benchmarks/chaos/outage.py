"""The run in which both servers are away: dead for a while, back, frozen for a while, back. No request may notice."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import psycopg

from benchmarks.chaos import books
from benchmarks.chaos.clients import Clients, traffic_of
from benchmarks.chaos.errands import CALM, PRICES, orders
from benchmarks.chaos.evidence import Ending, Evidence, Kill, Said
from benchmarks.chaos.reconcile import Finding, reconcile
from benchmarks.chaos.stage import Stage, set_up
from benchmarks.processes import raise_descriptor_limit

PER_SECOND = 100.0
WARM_UP_SECONDS = 5.0
DRAIN_SECONDS = 60.0
MOST_ADDED_MS = 5.0
LOOK_EVERY_SECONDS = 0.25
SETTLE_SECONDS = 3.0
"""After the backlog is drained, before the next phase begins."""
NORMAL, DEAD, FROZEN = "normal", "dead", "frozen"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A stretch of time, and how requests fared that began in it."""

    name: str
    requests: int
    p50_ms: float
    p99_ms: float
    """Until the head of the answer was there."""
    longest_ms: float
    drain_seconds: float | None = None
    """From the servers' return until the database had all that had ended by then; None: it took too long."""


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of a run."""

    evidence: Evidence
    findings: list[Finding]
    phases: dict[str, Phase]
    exit_code: int
    """Of the gateway, after SIGTERM."""

    @property
    def failed(self) -> list[Said]:
        """Requests that did not get what they asked for."""
        return [said for said in self.evidence.said if not is_good(said)]

    @property
    def added_ms(self) -> float:
        """By how much the worse p99 is above the normal one."""
        return max(self.phases[DEAD].p99_ms, self.phases[FROZEN].p99_ms) - self.phases[NORMAL].p99_ms

    @property
    def is_drained(self) -> bool:
        return all(self.phases[name].drain_seconds is not None for name in (DEAD, FROZEN))

    @property
    def is_clean(self) -> bool:
        return (
            all(self.phases[name].requests for name in (NORMAL, DEAD, FROZEN))  # who asked nothing has shown nothing
            and not self.findings
            and not self.failed
            and self.is_drained
            and self.added_ms <= MOST_ADDED_MS
            and self.exit_code == 0
        )


async def run(seconds: float, seed: int, say: Say, keep: Callable[[Stage], None]) -> Outcome:
    """Each phase lasts so many seconds. `keep` as in kills.run. Raises CannotMeasure."""
    raise_descriptor_limit()
    async with set_up(say) as stage:
        clients = Clients(stage.url, stage.keys, orders(random.Random(f"{seed} errands"), CALM), per_second=PER_SECOND)
        kills: list[Kill] = []
        async with traffic_of(clients):
            phases = await _phases(stage, clients, kills, seconds, say)
        exit_code = await stage.gateway.stop()
        await stage.celery.stop()
        evidence = Evidence(
            errands=clients.errands, said=clients.said, arrivals=stage.witness.arrivals, kills=kills, prices=PRICES
        )
        await books.read_into(evidence, stage.database_url)
        outcome = Outcome(evidence=evidence, findings=reconcile(evidence), phases=phases, exit_code=exit_code)
        if not outcome.is_clean:
            keep(stage)
        return outcome


async def _phases(stage: Stage, clients: Clients, kills: list[Kill], seconds: float, say: Say) -> dict[str, Phase]:
    say(f"{PER_SECOND:g} requests a second; each phase lasts {seconds:g} s. First as usual …")
    await asyncio.sleep(WARM_UP_SECONDS)
    phases = {}

    async def phase(name: str, come_back: Callable[[], None]) -> None:
        began = time.time()
        await asyncio.sleep(seconds)
        ended = time.time()
        come_back()
        drain_seconds = await _drained(stage, clients)
        phases[name] = _phase(name, clients.said, began, ended, drain_seconds)
        say(in_one_line(phases[name]))
        await asyncio.sleep(SETTLE_SECONDS)

    await phase(NORMAL, lambda: None)
    say("Killing PostgreSQL and Valkey or Redis …")
    for server in stage.servers:
        kills.append(Kill(at=time.time(), part=server.name, process=server.processes()[0]))
        server.signal(signal.SIGKILL)
    await phase(DEAD, stage.start_servers)
    say("Freezing them …")
    stage.freeze_servers()
    await phase(FROZEN, stage.thaw_servers)
    return phases


async def _drained(stage: Stage, clients: Clients) -> float | None:
    """Wait until the database has every request that has ended by now; how long that took."""
    began = time.monotonic()
    ended = [said.request_id for said in clients.said if said.request_id is not None]
    while (waited := time.monotonic() - began) < DRAIN_SECONDS:
        with suppress(psycopg.Error, TimeoutError):
            async with asyncio.timeout(5):
                if await books.how_many_of(ended, stage.database_url) == len(ended):
                    return waited
        await asyncio.sleep(LOOK_EVERY_SECONDS)
    return None


def _phase(name: str, said: list[Said], began: float, ended: float, drain_seconds: float | None) -> Phase:
    of_phase = [one for one in said if began <= one.began_at < ended]
    waits = sorted(one.head_ms for one in of_phase if one.head_ms is not None)
    return Phase(
        name=name,
        requests=len(of_phase),
        p50_ms=percentile(waits, 0.5),
        p99_ms=percentile(waits, 0.99),
        longest_ms=waits[-1] if waits else 0.0,
        drain_seconds=drain_seconds,
    )


def percentile(ordered: list[float], share: float) -> float:
    """The smallest of them that at least this share is not above. 0 of none."""
    return ordered[max(0, -int(-len(ordered) * share // 1) - 1)] if ordered else 0.0


def in_one_line(phase: Phase) -> str:
    """For people."""
    drained = "not drained" if phase.drain_seconds is None else f"drained {phase.drain_seconds:.1f} s later"
    return (
        f"{phase.name:8}{phase.requests:7} requests, p50 {phase.p50_ms:.1f} ms, p99 {phase.p99_ms:.1f} ms, "
        f"longest {phase.longest_ms:.1f} ms, {drained}"
    )


def is_good(said: Said) -> bool:
    """It got what it asked for."""
    return said.status == 200 and said.ending in (Ending.WHOLE, Ending.FINISHED)
