"""Walk the plan until one upstream answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import msgspec

from gateway.draft import Draft
from gateway.errors import CallerError, NoEnabledTargets, OurError, UnsupportedApiType
from gateway.prepared import HeaderList, Prepared
from gateway.purse import Purse
from history.records import Outcome
from providers.classifier import from_status
from providers.errors import NotReached, ProtocolError, UpstreamError
from providers.wire.base import Call, MalformedAnswer
from providers.wire.openai_chat import read_answer
from routing.plan import Plan, Step, spoken_instead

if TYPE_CHECKING:
    from gateway.runtime import Runtime
    from providers.client import UpstreamResponse

ERROR_BODY_LIMIT_BYTES = 64 * 1024
LEAST_SECRET_BYTES = 16
"""A shorter credential is a placeholder, as local servers are given (“none”, “ollama”): in an answer it is a word."""


class Whole(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An answer that is all here."""

    status: int
    content_type: str
    body: bytes


class Streaming(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An answer that is on its way. Whoever holds it closes it."""

    status: int
    content_type: str
    response: UpstreamResponse

    def chunks(self) -> AsyncIterator[bytes]:
        return aiter(self.response.stream)


class Answered(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Which upstream answered, and what."""

    step: Step
    prepared: Prepared
    answer: Whole | Streaming


async def first_answer(
    plan: Plan, call: Call, forwarded: HeaderList, draft: Draft, purse: Purse, runtime: Runtime
) -> Answered:
    """The answer of the first upstream that gives one. Raises the last UpstreamError; that nobody can; or HistoryUnavailable."""
    failure: UpstreamError | None = None
    for step in plan.steps():
        try:
            return await _try(step, purse.prepared(step.upstream), call, forwarded, draft, runtime)
        except UpstreamError as exc:
            exc.upstream = step.upstream.name
            draft.end_attempt(Outcome.FAILED, runtime.now(), failure=exc)
            runtime.record_failed_try(draft)
            failure = exc
            if not isinstance(exc, NotReached):
                break
    if failure is not None:
        raise failure
    raise nobody_can(call.model, plan)


def nobody_can(model: str, plan: Plan) -> CallerError | OurError:
    """What to say of a plan that has been walked and held no step."""
    if spoken := spoken_instead(plan.left_out):
        return UnsupportedApiType(model, plan.needs.api_type, spoken)
    return NoEnabledTargets(model, [item.told for item in plan.left_out], is_direct=plan.route.is_direct)


async def _try(
    step: Step, prepared: Prepared, call: Call, forwarded: HeaderList, draft: Draft, runtime: Runtime
) -> Answered:
    upstream = step.upstream
    url = upstream.urls[draft.api_type]
    now = runtime.now()
    runtime.record_try(draft, step, url, now)  # first: if we die now, the history knows who was asked
    draft.begin_attempt(step, url, prepared.price, now)
    asked = call.with_usage_asked() if call.streams and upstream.asks_stream_usage else call
    timeouts = prepared.for_streams if call.streams else prepared.for_answers
    response = await runtime.send(url, prepared.headers, forwarded, asked.with_model(prepared.model_json), timeouts)
    try:
        draft.note_head(runtime.now(), response.header("x-request-id"))
        answer = await _read(response, call, prepared, draft, runtime)
    except BaseException:
        await response.aclose()
        raise
    return Answered(step=step, prepared=prepared, answer=answer)


async def _read(
    response: UpstreamResponse, call: Call, prepared: Prepared, draft: Draft, runtime: Runtime
) -> Whole | Streaming:
    status, content_type = response.status_code, response.header("content-type")
    if not 200 <= status < 300:
        body = await _error_body(response, runtime)
        raise from_status(status, response.headers, without_secret(body, prepared.credential))
    if call.streams and content_type.partition(";")[0].strip().lower() == "text/event-stream":
        return Streaming(status=status, content_type=content_type, response=response)
    body = await runtime.read(response, runtime.max_answer_bytes)
    _note_answer(status, body, draft)
    return Whole(status=status, content_type=content_type, body=without_echo(body, prepared.credential))


async def _error_body(response: UpstreamResponse, runtime: Runtime) -> bytes:
    try:
        return await runtime.read(response, ERROR_BODY_LIMIT_BYTES)
    except UpstreamError:
        return b""  # The status says more than how its body went wrong.


def without_secret(body: bytes, credential: bytes) -> bytes:
    """Some providers repeat the key in their error: it is not the caller's to see."""
    return body.replace(credential, b"[redacted]") if credential else body


def without_echo(answer: bytes, credential: bytes) -> bytes:
    """The same for an answer that is none: byte for byte as it came, unless it holds the key."""
    return without_secret(answer, credential) if len(credential) >= LEAST_SECRET_BYTES else answer


def _note_answer(status: int, body: bytes, draft: Draft) -> None:
    """Keep what a whole answer tells of itself. Raises ProtocolError when it is no answer at all."""
    try:
        answer = read_answer(body)
    except MalformedAnswer as exc:
        problem = f"The upstream answered {status} with something that is not a JSON object."
        raise ProtocolError(problem, upstream_status=status) from exc
    if answer.is_error:
        raise ProtocolError(f"The upstream answered {status} with an error inside.", upstream_status=status)
    draft.usage = answer.usage
    draft.finish_reason = answer.finish_reason or ""
