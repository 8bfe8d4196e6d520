"""What a caller is told when nobody has an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.answered import Answered, Whole
from gateway.draft import Draft
from gateway.echoes import without_echo
from gateway.errors import AllRateLimited, CallerError, NobodyAvailable, NoEnabledTargets, OurError, UnsupportedApiType
from providers.errors import Condition, EmptyAnswer, UpstreamRateLimited
from providers.retry_after import told_seconds
from routing.plan import Plan, spoken_instead

if TYPE_CHECKING:
    from gateway.purse import Purse
    from gateway.tries import Tried


def last_word(tried: list[Tried], plan: Plan, draft: Draft, purse: Purse) -> Answered:
    """An empty answer, as it came, if anybody gave one: it may be meant. Else raises the first failure.

    The first, since whoever came later was asked in its place: a fallback that refuses what the one before could not serve tells
    the caller nothing of the request that it sent.
    """
    for number, one in reversed(list(enumerate(tried, start=1))):
        empty = one.failure
        if isinstance(empty, EmptyAnswer):
            draft.answered = number
            prepared = purse.prepared(one.step.upstream, one.step.waits)
            draft.usage, draft.price, draft.finish_reason = empty.usage, prepared.price, "stop"
            body = without_echo(empty.body, prepared.secrets)
            whole = Whole(
                status=empty.upstream_status or 200, content_type=empty.content_type, body=body, code=empty.code
            )
            return Answered(step=one.step, prepared=prepared, answer=whole)
    first = tried[0].failure
    if first.retry_after_seconds is not None:
        first.retry_after_seconds = min([first.retry_after_seconds, *_remaining(plan)])
    elif isinstance(first, UpstreamRateLimited):
        # It named no wait. We know when we shall ask again, and to come back sooner is in vain.
        first.retry_after_seconds = min([*_resting(tried, plan), *_remaining(plan)], default=None)
    raise first


def nobody_can(model: str, plan: Plan) -> CallerError | OurError:
    """What to say of a plan that has been walked and held no step."""
    if plan.outs:
        standings = plan.outs.values()
        limited = all(standing.condition is Condition.RATE_LIMITED for standing in standings)
        kind = AllRateLimited if limited else NobodyAvailable
        reasons = [item.told for item in plan.left_out]
        return kind(model, reasons, retry_after_seconds=told_seconds(_remaining(plan)) or 1)
    if spoken := spoken_instead(plan.left_out):
        return UnsupportedApiType(model, plan.needs.api_type, spoken)
    return NoEnabledTargets(model, [item.told for item in plan.left_out], is_direct=plan.route.is_direct)


def _resting(tried: list[Tried], plan: Plan) -> list[float]:
    """For how many seconds each of those that have just refused it will be left alone."""
    now = plan.clock()
    rests = [plan.health.of(one.step.upstream.key).rest for one in tried]
    return [rest.until - now for rest in rests if rest.is_on(now)]


def _remaining(plan: Plan) -> list[float]:
    """For how many seconds each of those that are left alone is."""
    now = plan.clock()
    return [max(standing.until - now, 0.0) for standing in plan.outs.values() if standing.until is not None]
