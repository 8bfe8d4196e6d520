"""What was tried for a request, and how much time is left for another try."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from gateway.draft import Draft
from history.records import Outcome
from providers.errors import FirstByteTimeout, TotalTimeout, UpstreamError, UpstreamModelNotFound, UpstreamRejected
from providers.timeouts import Timeouts
from providers.verdict import Verdict, judge
from routing.health import Health, Ticket
from routing.plan import Plan
from routing.step import Step

if TYPE_CHECKING:
    from gateway.runtime import Runtime

LEAST_SECONDS = 0.05
"""With less than this left nothing is begun any more."""


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """One try that failed."""

    step: Step
    failure: UpstreamError
    verdict: Verdict


def note_failure(step: Step, failure: UpstreamError, draft: Draft, runtime: Runtime) -> Tried:
    """Keep what came of a try, for the history and for the health of its upstream."""
    failure.upstream = step.upstream.name
    verdict, now = judge(failure), runtime.clock()
    # When we had less time left than this upstream has elsewhere, its being late says nothing of it.
    is_ours = draft.was_hurried and isinstance(failure, FirstByteTimeout | TotalTimeout)
    draft.end_attempt(Outcome.FAILED, now, failure=failure, verdict=None if is_ours else verdict)
    if draft.first_failed_at is None:
        draft.first_failed_at = now
    runtime.record_failed_try(draft)
    return Tried(step=step, failure=failure, verdict=verdict)


def whose_fault(failure: UpstreamError, plan: Plan) -> UpstreamError:
    """The failure. That a provider does not know a model which its caller named, and nobody stored, is the caller's to mend."""
    if plan.route.guest is None or not isinstance(failure, UpstreamModelNotFound):
        return failure
    return UpstreamRejected(
        failure.message,
        upstream_status=failure.upstream_status,
        named_status=failure.named_status,
        named_code=failure.named_code,
        body=failure.body,
        content_type=failure.content_type,
    )


def fell(one: Tried, plan: Plan) -> bool:
    """Let the plan know what came of a try. Returns whether anybody else may be asked."""
    verdict = one.verdict
    return plan.fell(
        one.step,
        str(verdict.condition),
        others_may=verdict.may_fail_over,
        named_may=verdict.may_fail_over_if_named,
    )


def seconds_left(draft: Draft, now: float, chain_seconds: float) -> float:
    """Of the time that all tries after the first have together. It begins when that has failed: one that was silent for its
    whole answer timeout must not leave its caller without another."""
    began = now if draft.first_failed_at is None else draft.first_failed_at
    return began + chain_seconds - now


def is_over(plan: Plan, tried: list[Tried], draft: Draft, runtime: Runtime) -> bool:
    """Whether there may be no other try at all, at whomever."""
    if len(tried) >= plan.route.max_attempts:
        return True
    return seconds_left(draft, runtime.clock(), runtime.chain_seconds) < LEAST_SECONDS


def patience(
    timeouts: Timeouts, step: Step, ticket: Ticket, health: Health, draft: Draft, now: float, chain_seconds: float
) -> Timeouts:
    """For how long this try may go without an answer.

    Those after the first have only what is left. A probe that somebody else could stand in for is given up as soon as it is late:
    its client need not wait a whole timeout to learn that the upstream is still sick.
    """
    limit = timeouts.first_byte_seconds
    if draft.tries > 1:
        left = max(seconds_left(draft, now, chain_seconds), LEAST_SECONDS)
        draft.was_hurried = left < limit
        limit = min(limit, left)
    if step.may_probe and ticket.is_probe:
        usual = health.patience_seconds(streams=ticket.streams)
        limit = limit if usual is None else min(limit, usual)
    if limit == timeouts.first_byte_seconds:
        return timeouts
    return replace(timeouts, first_byte_seconds=limit)
