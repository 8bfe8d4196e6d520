"""A second upstream is asked while the first is late; whoever begins to answer first has the request, the other is given up.

Late is longer than the alias's percentile of what the first one's answers take to begin. Where that is not known, nobody well is left
or the alias's budget is used up, the first is waited for, as without hedging. A probe is never hedged: it is there to be waited for.

Each try has a draft and a ticket of its own. The loser is given up at once; the winner's client does not wait for the
loser's connection to be closed. docs/routing.md, “Hedging”.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.answered import Answered, Streaming
from gateway.draft import Draft
from gateway.errors import HistoryUnavailable
from gateway.metrics.totals import TOTALS
from gateway.tries import LEAST_SECONDS, Tried, fell, note_failure, seconds_left
from history.records import Outcome
from providers.errors import UpstreamError
from routing.health import Ticket
from routing.plan import Plan
from routing.step import Step

if TYPE_CHECKING:
    from gateway.runtime import Runtime

logger = logging.getLogger(__name__)

Ask = Callable[[Step, Draft, Ticket | None], Coroutine[Any, Any, Answered]]  # Any: nothing is sent into it
"""Makes one try. Raises UpstreamError."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Racer:
    """One of the two tries."""

    step: Step
    draft: Draft
    ticket: Ticket
    task: asyncio.Task[Answered]

    @property
    def has_begun(self) -> bool:
        """To answer; or it is over."""
        return self.ticket.first_byte_at is not None or self.task.done()


async def first_or_hedge(
    step: Step, ask: Ask, plan: Plan, tried: list[Tried], draft: Draft, runtime: Runtime
) -> Answered | None:
    """The answer of the plan's first step, or of one that was asked since that was late.

    None: both failed, or the first while nobody else was asked; `tried` tells how, and the plan knows all but the last.
    """
    route, now = plan.route, runtime.clock()
    runtime.hedge_budgets.of(route.id).earn(now, route.hedge_budget_percent)
    late_after = _late_after_seconds(step, plan, draft, runtime, now)
    if late_after is None:
        try:
            return await ask(step, draft, None)
        except UpstreamError as exc:
            tried.append(note_failure(step, exc, draft, runtime))
            return None
    racers = [_enter(step, ask, draft, runtime)]
    winner = None
    try:
        await asyncio.wait([racers[0].task], timeout=late_after)
        if not racers[0].has_begun and (other := _whom_beside(racers[0], late_after, plan, draft, runtime)) is not None:
            racers.append(_enter(other, ask, draft, runtime))
        winner = await _winner(racers, plan, tried, runtime)
    finally:
        if len(racers) > 1:
            TOTALS.note_hedge(route.name, _who(winner, racers))
        for racer in racers:
            if racer is not winner:
                _give_up(racer, winner, runtime, was_late=racer is racers[0])
    return None if winner is None else _answer_of(winner, draft)


def _who(winner: Racer | None, racers: list[Racer]) -> str:
    """Of the two, for the figures."""
    if winner is None:
        return "neither"
    return "first" if winner is racers[0] else "second"


def _late_after_seconds(step: Step, plan: Plan, draft: Draft, runtime: Runtime, now: float) -> float | None:
    """None: nobody else will be asked."""
    if step.may_probe or plan.route.max_attempts < 2:
        return None
    vitals = runtime.health.of(step.upstream.key).vitals
    return vitals.first_byte_percentile(plan.route.hedge_percentile, now, streams=draft.streamed)


def _whom_beside(first: Racer, late_after: float, plan: Plan, draft: Draft, runtime: Runtime) -> Step | None:
    """Somebody well, while there is time and the alias's budget allows it."""
    route, now = plan.route, runtime.clock()
    if seconds_left(draft, now, runtime.chain_seconds) < LEAST_SECONDS:
        return None
    if not runtime.hedge_budgets.of(route.id).can_take(now, route.hedge_budget_percent):
        return None
    other = plan.beside(f"hedge after {late_after * 1000:.0f} ms, as {first.step.upstream.name} was late")
    if other is not None:
        runtime.hedge_budgets.of(route.id).take()
    return other


def _enter(step: Step, ask: Ask, draft: Draft, runtime: Runtime) -> Racer:
    """Its ticket is begun here and not in the task: between a plan's step and its begin nothing else may happen."""
    beside = draft.aside()
    ticket = runtime.health.of(step.upstream.key).begin(runtime.clock(), streams=draft.streamed)
    task = runtime.loop.create_task(ask(step, beside, ticket), name="one of two tries")
    return Racer(step=step, draft=beside, ticket=ticket, task=task)


async def _winner(racers: list[Racer], plan: Plan, tried: list[Tried], runtime: Runtime) -> Racer | None:
    """Whoever answers first; None when all have failed.

    Where the first fails in a way that lets nobody else be asked, or only a target that names it, the other should not have
    been asked either: then only the first one's word counts.
    """
    first, *_ = running = list(racers)
    failures: dict[Racer, Tried] = {}
    while running:
        await asyncio.wait([racer.task for racer in running], return_when=asyncio.FIRST_COMPLETED)
        for racer in [racer for racer in running if racer.task.done()]:
            running.remove(racer)
            failure = racer.task.exception()
            if failure is None:
                return racer
            if isinstance(failure, HistoryUnavailable) and racer is not first:
                continue  # it was not asked, and the first is under way
            if not isinstance(failure, UpstreamError):
                racer.draft.end_attempt(Outcome.FAILED, runtime.clock())
                raise failure
            failures[racer] = one = note_failure(racer.step, failure, racer.draft, runtime)
            if racer is first and not one.verdict.may_fail_over:
                tried.append(one)
                return None
    tried += [failures[racer] for racer in racers if racer in failures]
    for one in tried[:-1]:
        fell(one, plan)
    return None


def _give_up(racer: Racer, winner: Racer | None, runtime: Runtime, *, was_late: bool) -> None:
    """Synchronous: the client may be gone, and this task cancelled. One that has failed is recorded already."""
    now, remark = runtime.clock(), ""
    if winner is not None:
        remark = f"Given up: {winner.step.upstream.name} was quicker. It may be billed; nobody knows what it cost."
        if was_late:  # the other may have had no time at all, which says nothing of it
            racer.ticket.lose(now)
    ended = len(racer.draft.attempts)
    racer.draft.end_attempt(Outcome.CANCELLED, now, remark=remark)
    racer.ticket.leave()  # also where its try has not even begun
    if winner is not None and len(racer.draft.attempts) > ended:
        runtime.record_failed_try(racer.draft)
    racer.task.cancel()
    runtime.clear_away(_cleared(racer.task))


async def _cleared(task: asyncio.Task[Answered]) -> None:
    """Wait for the end of a try that was given up, and let go of an answer that it had after all."""
    await asyncio.wait([task])
    if task.cancelled():
        return
    failure = task.exception()
    if failure is None:
        answer = task.result().answer
        if isinstance(answer, Streaming):
            await answer.relay.drop()
    elif not isinstance(failure, UpstreamError | HistoryUnavailable):
        logger.error("A try that was given up failed in the gateway", exc_info=failure)


def _answer_of(winner: Racer, draft: Draft) -> Answered:
    draft.go_on_as(winner.draft)
    answered = winner.task.result()
    if isinstance(answered.answer, Streaming):
        answered.answer.relay.belongs_to(draft)
    return answered
