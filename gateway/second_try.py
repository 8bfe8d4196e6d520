"""The same upstream once more, when nobody else is left and its failure may have been a moment's.

After a pause, within its retry budget, and only where its health has nothing against it: each at most twice. Where it has asked for
a moment of patience (a 429 with a short wait), one request waits for it at a time: a crowd that waits together comes together.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from gateway.draft import Draft
from gateway.tries import Tried, is_over, seconds_left
from providers.verdict import WORTH_WAITING_SECONDS, Harm
from routing.health import Cause, Standing
from routing.plan import Plan
from routing.step import Step

if TYPE_CHECKING:
    from gateway.runtime import Runtime

LONGEST_REST_SECONDS = WORTH_WAITING_SECONDS * 1.5
"""What is worth waiting for, with the longest jitter of a rest."""
SLACK_SECONDS = 0.005
"""A timer may ring a little early, and a rest that is nearly over is not over."""


async def whom_again(plan: Plan, tried: list[Tried], draft: Draft, runtime: Runtime) -> Step | None:
    """Whom to ask once more, now; None: nobody. Whoever is told of a step gives its upstream's budget back after the try."""
    if not tried[-1].verdict.may_fail_over or is_over(plan, tried, draft, runtime):
        return None
    keys = [one.step.upstream.key for one in tried]
    for one in list(tried):
        if one.verdict.again and keys.count(one.step.upstream.key) == 1 and await _is_ready(one, plan, draft, runtime):
            name = one.verdict.condition.replace("_", " ")
            return msgspec.structs.replace(one.step, why=f"again, after {name} and a pause: nobody else is left")
    return None


async def _is_ready(one: Tried, plan: Plan, draft: Draft, runtime: Runtime) -> bool:
    """Wait for the moment when it may be asked again. Its budget has been taken from where that comes."""
    health, now = runtime.health.of(one.step.upstream.key), runtime.clock()
    pause = _pause_seconds(one, plan, runtime, now)
    if pause is None or pause >= seconds_left(draft, now, runtime.chain_seconds):
        return False
    if not health.budget.take(now):
        return False
    is_ready = False
    is_first = health.key not in runtime.waiting_for
    runtime.waiting_for.add(health.key)
    try:
        while (
            not is_ready and pause is not None and pause < seconds_left(draft, runtime.clock(), runtime.chain_seconds)
        ):
            await asyncio.sleep(pause)
            standing = plan.standing_of(one.step.upstream, runtime.clock())
            is_ready = standing.ok
            # Those that were refused together have each made its rest a little longer.
            pause = _rest_seconds(standing, runtime) if standing.cause is Cause.REST else None
    finally:
        if is_first:
            runtime.waiting_for.discard(health.key)
        if not is_ready:
            health.budget.give_back()
    return is_ready


def _pause_seconds(one: Tried, plan: Plan, runtime: Runtime, now: float) -> float | None:
    """None: it will not do in a while."""
    pause = runtime.draw.rng.uniform(*one.verdict.pause_seconds)
    standing = plan.standing_of(one.step.upstream, now)
    if standing.ok:
        return pause
    if one.verdict.harm is not Harm.REST or standing.until is None or one.step.upstream.key in runtime.waiting_for:
        return None
    return _rest_seconds(standing, runtime)


def _rest_seconds(standing: Standing, runtime: Runtime) -> float | None:
    """None: it rests for longer than anybody waits."""
    seconds = (standing.until or 0.0) - runtime.clock() + SLACK_SECONDS
    return max(seconds, SLACK_SECONDS) if seconds <= LONGEST_REST_SECONDS else None
