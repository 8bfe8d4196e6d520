"""Walk the plan until one upstream answers."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from gateway.answered import Answered, Streaming, Whole
from gateway.draft import Draft
from gateway.echoes import without_echo
from gateway.hedge import first_or_hedge
from gateway.last_word import last_word, nobody_can
from gateway.prepared import HeaderList, Prepared
from gateway.purse import Purse
from gateway.relay import Relay
from gateway.second_try import whom_again
from gateway.tries import Tried, fell, is_over, note_failure, patience, whose_fault
from gateway.waiting import Waiting
from providers.classifier import from_status, read_or_refuse
from providers.client import UpstreamResponse, read_limited
from providers.errors import UpstreamError
from providers.wire.base import Call
from routing.health import Ticket
from routing.plan import Plan
from routing.step import Step

if TYPE_CHECKING:
    from gateway.runtime import Runtime

ERROR_BODY_LIMIT_BYTES = 64 * 1024


async def first_answer(
    plan: Plan, call: Call, forwarded: HeaderList, draft: Draft, purse: Purse, runtime: Runtime
) -> Answered:
    """The answer of the first upstream that gives one.

    Raises the first UpstreamError that was met (see last_word); that nobody can; or HistoryUnavailable.
    """
    tried: list[Tried] = []
    for step in plan.steps():
        if plan.route.hedge_percentile and not tried:
            ask = partial(_try, plan=plan, call=call, forwarded=forwarded, purse=purse, runtime=runtime)
            if (answered := await first_or_hedge(step, ask, plan, tried, draft, runtime)) is not None:
                return answered
        else:
            try:
                return await _try(step, draft, plan=plan, call=call, forwarded=forwarded, purse=purse, runtime=runtime)
            except UpstreamError as exc:
                tried.append(note_failure(step, whose_fault(exc, plan), draft, runtime))
        if not fell(tried[-1], plan) or is_over(plan, tried, draft, runtime):
            break
    if not tried:
        raise nobody_can(call.model, plan)
    while (again := await whom_again(plan, tried, draft, runtime)) is not None:
        try:
            return await _try(again, draft, plan=plan, call=call, forwarded=forwarded, purse=purse, runtime=runtime)
        except UpstreamError as exc:
            tried.append(note_failure(again, exc, draft, runtime))
        finally:
            runtime.health.of(again.upstream.key).budget.give_back()
    return last_word(tried, plan, draft, purse)


async def _try(
    step: Step,
    draft: Draft,
    ticket: Ticket | None = None,
    *,
    plan: Plan,
    call: Call,
    forwarded: HeaderList,
    purse: Purse,
    runtime: Runtime,
) -> Answered:
    """`ticket`: where it was begun already."""
    upstream = step.upstream
    prepared = purse.prepared(upstream, step.waits)
    url = upstream.urls[draft.api_type]
    now = runtime.clock()
    runtime.record_try(draft, step, url, now)  # first: if we die now, the history knows who was asked
    health = runtime.health.known(upstream.key) or runtime.health.of(upstream.key)
    if ticket is None:
        ticket = health.begin(now, streams=call.streams)
    waiting = Waiting(plan, runtime.loop)
    ticket.give_up = waiting.give_up
    draft.begin_attempt(step, url, prepared.price, now, ticket)
    asked = call.with_usage_asked() if call.streams and upstream.asks_stream_usage else call
    timeouts = prepared.for_streams if call.streams else prepared.for_answers
    if draft.tries > 1 or step.may_probe:
        timeouts = patience(timeouts, step, ticket, health, draft, now, runtime.chain_seconds)
    sent = asked.with_model(prepared.model_json)
    try:
        response = await runtime.send(url, prepared.headers, forwarded, sent, timeouts)
    except asyncio.CancelledError:
        waiting.check()
        raise
    try:
        now = runtime.clock()
        draft.note_head(now, response.header("x-request-id"))
        answer = await _read(response, call, prepared, draft, runtime, now)
    except asyncio.CancelledError:
        await response.aclose()
        waiting.check()
        raise
    except BaseException:
        await response.aclose()
        raise
    return Answered(step=step, prepared=prepared, answer=answer)


async def _read(
    response: UpstreamResponse, call: Call, prepared: Prepared, draft: Draft, runtime: Runtime, now: float
) -> Whole | Streaming:
    status, content_type = response.status_code, response.header("content-type")
    if not 200 <= status < 300:
        body = await _error_body(response)
        raise from_status(status, response.headers, without_echo(body, prepared.secrets_in_errors))
    if call.streams and content_type.partition(";")[0].strip().lower() == "text/event-stream":
        relay = Relay(response, prepared=prepared, call=call, draft=draft, runtime=runtime)
        await relay.open()
        return Streaming(status=status, content_type=content_type, relay=relay)
    draft.note_answer(now)
    body = await read_limited(response, runtime.max_answer_bytes)
    answer = read_or_refuse(status, content_type, body, draft.api_type)
    if isinstance(answer, UpstreamError):
        answer.body = without_echo(answer.body, prepared.secrets_in_errors)
        raise answer
    draft.usage = answer.usage
    draft.finish_reason = answer.finish_reason or ""
    return Whole(status=status, content_type=content_type, body=without_echo(body, prepared.secrets))


async def _error_body(response: UpstreamResponse) -> bytes:
    try:
        return await read_limited(response, ERROR_BODY_LIMIT_BYTES)
    except UpstreamError:
        return b""  # The status says more than how its body went wrong.
