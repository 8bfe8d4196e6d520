"""One sickness from beginning to end: a warm-up, the illness, the recovery."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks import installation
from benchmarks.brownout import traffic
from benchmarks.brownout.evidence import Evidence, Times
from benchmarks.brownout.judge import MOST_BACK_SECONDS, WINDOW_SECONDS
from benchmarks.brownout.sickness import Sickness
from benchmarks.brownout.stage import Stage, tries_since
from benchmarks.brownout.upstream import Upstream
from benchmarks.chaos.clients import Clients, traffic_of

PER_SECOND = 80.0
PATIENCE_SECONDS = 150.0
"""Longer than the gateway goes on trying."""
COLD_SECONDS = 3.0
"""At first everything takes longer: connections are made, code is run for the first time."""
WARM_PART = 1 / 15
LEAST_WARM_SECONDS = 8.0
WELL_SECONDS = MOST_BACK_SECONDS + WINDOW_SECONDS + 3.0
LEAST_ILL_SECONDS = 12.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Seconds."""

    warm: float
    ill: float
    well: float

    @classmethod
    def of(cls, seconds: float) -> Schedule:
        """What so many seconds are spent on, at least 58. The recovery is always given all the time that it may take."""
        warm = max(LEAST_WARM_SECONDS, WARM_PART * seconds)
        return cls(warm=warm, ill=max(LEAST_ILL_SECONDS, seconds - warm - WELL_SECONDS), well=WELL_SECONDS)


async def run(
    stage: Stage, sickness: Sickness, sick: Sequence[str], schedule: Schedule, seed: int, say: Say
) -> Evidence:
    """`sick`: those who fall ill. Each run has a gateway of its own. Raises CannotMeasure."""
    began = time.time()
    for upstream in stage.upstreams.values():
        upstream.arrivals.clear()
    with installation.serve(stage.installed.environ, stage.log) as server:
        clients = Clients(
            f"http://127.0.0.1:{server.port}",
            {traffic.KEY: stage.installed.key},
            traffic.orders(random.Random(f"{seed} {sickness}")),
            per_second=PER_SECOND,
            patience_seconds=PATIENCE_SECONDS,
        )
        async with traffic_of(clients):
            times = await _drive([stage.upstreams[name] for name in sick], sickness, schedule, say)
    return Evidence(
        upstreams=list(stage.upstreams),
        sick=sick,
        times=times,
        said=clients.said,
        tries=tries_since(began, stage.installed.database),
        arrivals={name: [one.at for one in upstream.arrivals] for name, upstream in stage.upstreams.items()},
    )


async def _drive(sick: Sequence[Upstream], sickness: Sickness, schedule: Schedule, say: Say) -> Times:
    """While clients send."""
    say(
        f"{sickness}: as usual for {schedule.warm:.0f} s, ill for {schedule.ill:.0f} s, well for {schedule.well:.0f} s …"
    )
    await asyncio.sleep(COLD_SECONDS)
    measured = time.time()
    await asyncio.sleep(schedule.warm - COLD_SECONDS)
    for upstream in sick:
        await upstream.fall_ill(sickness)
    ill = time.time()
    try:
        await asyncio.sleep(schedule.ill)
    finally:
        well = time.time()
        for upstream in sick:
            await upstream.recover()
    await asyncio.sleep(schedule.well)
    return Times(measured=measured, ill=ill, well=well, end=time.time())
