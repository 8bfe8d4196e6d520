"""The line: from a caller's bytes to a reply, in the order of docs/architecture.md."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from gateway.access.keyring import Caller
from gateway.answered import Answered, Streaming
from gateway.attempts import first_answer
from gateway.draft import Draft
from gateway.errors import (
    MODELS_AT,
    GatewayError,
    InvalidRequest,
    KeyBarred,
    ModelNotAllowed,
    ModelNotFound,
    NobodyAvailable,
    ShuttingDown,
    near_matches,
    rendered,
)
from gateway.estimate import Estimate
from gateway.in_flight import IN_FLIGHT
from gateway.prepared import HeaderList, Way, way_pairs
from gateway.purse import Purse
from gateway.relay import CLIENT_GONE_STATUS, Relay
from gateway.sessions import SESSION_HEADERS, session_of
from history.records import Outcome
from providers import wire
from providers.errors import UpstreamError
from providers.wire.base import Call, MalformedCall
from providers.wire.splice import read_call, replaced, with_model_if_none
from routing.eligibility import Needs
from routing.entrances import default_at, offered_at, resolve_at
from routing.plan import Plan
from routing.table import Entrance, Route, RoutingTable, UnknownModel

if TYPE_CHECKING:
    from gateway.runtime import Runtime

MOST_NAMES_LOOKED_AT = 1000
"""Above so many names, likeness is not looked for: it would hold up everybody else's requests."""


NEEDS: Final = {api_type: Needs(api_type=api_type) for api_type in wire.FORMATS}
"""Nothing but its API type is required by any request so far, so one value serves all of a kind."""


class Reply(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What goes back to the client: bytes, or a stream of them."""

    status: int
    content_type: str
    body: bytes | Relay
    way: Way


HeadersByName = Callable[[Sequence[bytes]], HeaderList]
"""Names in lower case -> the caller's headers of these names."""


def no_headers(names: Sequence[bytes]) -> HeaderList:
    """Of a request that came over no wire."""
    return []


async def answer(
    caller: Caller,
    read: Callable[[], Awaitable[bytes]],
    forwarded: HeaderList,
    draft: Draft,
    runtime: Runtime,
    headers: HeadersByName = no_headers,
) -> Reply:
    """The whole line; `read` brings the body. Raises GatewayError or UpstreamError; whatever happens is recorded, once."""
    draft.key_id, draft.key_name = caller.key_id, caller.name
    try:
        body = await read()
        draft.request_bytes = len(body)
        purse = runtime.purse
        call = _read(body, draft, purse.table)
        plan = _plan(call, caller, draft, purse, runtime, headers)
        answered = await first_answer(plan, call, forwarded, draft, purse, runtime)
        if plan.session:
            key, now = answered.step.upstream.key, runtime.clock()
            runtime.sessions.keep(plan.session, key, now, seconds=plan.route.sticky_seconds)
        return _reply(answered, call, plan.route, draft, runtime)
    except GatewayError as exc:
        # Whoever was asked before the journal failed has failed: that is no refusal any more.
        outcome = Outcome.FAILED if draft.attempts or isinstance(exc, NobodyAvailable) else Outcome.REFUSED
        runtime.record(draft.close(outcome, exc.status, runtime.clock(), code=exc.code, error=exc.message))
        raise
    except UpstreamError as exc:
        draft.answer_bytes = len(rendered(exc).body)
        runtime.record(draft.close(Outcome.FAILED, exc.status, runtime.clock(), code=exc.code, error=exc.message))
        raise
    except asyncio.CancelledError:
        if IN_FLIGHT.is_cut:
            raise _shut_down(draft, runtime) from None
        runtime.record(draft.close(Outcome.CANCELLED, CLIENT_GONE_STATUS, runtime.clock(), code=draft.cancelled_code))
        raise
    except Exception:
        runtime.record(draft.close(Outcome.FAILED, 500, runtime.clock(), code="internal_error"))
        raise


def _shut_down(draft: Draft, runtime: Runtime) -> ShuttingDown:
    """What the caller is told instead of nothing: we end before its answer has begun."""
    exc = ShuttingDown()
    runtime.record(draft.close(Outcome.FAILED, exc.status, runtime.clock(), code=exc.code, error=exc.message))
    return exc


def record_barred(exc: KeyBarred, draft: Draft, runtime: Runtime) -> None:
    """Keep that somebody used a key that is no longer good: an auditor will ask for it."""
    draft.key_id, draft.key_name = exc.key_id, exc.key_name
    runtime.record(draft.close(Outcome.REFUSED, exc.status, runtime.clock(), code=exc.code, error=exc.message))


def _plan(call: Call, caller: Caller, draft: Draft, purse: Purse, runtime: Runtime, headers: HeadersByName) -> Plan:
    """Whom this request may be sent to, in order. Raises ModelNotFound or ModelNotAllowed."""
    draft.streamed = call.streams
    try:
        draft.route = route = resolve(call.model, caller, purse.table, draft.entrance)
    except ModelNotAllowed as exc:
        draft.barred_route = exc.route
        raise
    plan = Plan(
        table=purse.table if route.guest is None else purse.welcome(route.guest),
        route=route,
        needs=NEEDS[draft.api_type],
        draw=runtime.draw,
        unpayable=purse.objection,
        health=runtime.health,
        clock=runtime.clock,
        estimate=Estimate(body=call.body, api_type=draft.api_type, purse=purse).cost_usd,
        # What a caller calls a guest is the caller's: there is no end to such names.
        able_tiers=purse.able_tiers if route.guest is None else set(),
        left_out=draft.left_out,
    )
    if route.sticky:
        _remember(plan, headers(SESSION_HEADERS), call.body, draft, runtime)
    return plan


def _remember(plan: Plan, headers: HeaderList, body: bytes, draft: Draft, runtime: Runtime) -> None:
    """Let the plan know the session that this request belongs to, and where that was last. Where it names one."""
    session = session_of(headers, body, source=plan.route.sticky, key_id=draft.key_id)
    if session is not None:
        plan.session = session + plan.route.name.encode()  # the same conversation may use several aliases
        plan.remembered = runtime.sessions.upstream_of(plan.session, runtime.clock()) or ""


def _read(body: bytes, draft: Draft, table: RoutingTable) -> Call:
    try:
        call = read_call(body, wire.FORMATS[draft.api_type])
    except MalformedCall as exc:
        if exc.param != "model":
            raise InvalidRequest.from_malformed(exc) from exc
        return _read_with_default(body, draft, table, exc)
    draft.requested_model = call.model
    return call


def _read_with_default(body: bytes, draft: Draft, table: RoutingTable, why: MalformedCall) -> Call:
    """A request that names no model, where an alias answers those. The history shows that none was asked for."""
    default = default_at(table, draft.entrance)
    named = with_model_if_none(body, default) if default else None
    if named is None:
        raise InvalidRequest.from_malformed(why) from why
    try:
        return read_call(named, wire.FORMATS[draft.api_type])
    except MalformedCall as exc:
        raise InvalidRequest.from_malformed(exc) from exc


def resolve(model: str, caller: Caller, table: RoutingTable, entrance: Entrance | None = None) -> Route:
    """The route that this name means to this caller, there. Raises ModelNotFound or ModelNotAllowed."""
    try:
        route = table.resolve(model) if entrance is None else resolve_at(table, entrance, model)
    except UnknownModel as exc:
        aliases, models = _names_for(caller, table, entrance)
        near = near_matches(model.removeprefix("direct/"), [*aliases, *models])
        raise ModelNotFound(model, near, models_at=_models_at(entrance) if aliases else "") from exc
    if caller.is_restricted and not caller.may_use(route):
        aliases, _ = _names_for(caller, table, entrance)
        raise ModelNotAllowed(model, route=route, models_at=_models_at(entrance) if aliases else "")
    return route


def _models_at(entrance: Entrance | None) -> str:
    """The path of the list of the names that mean something there."""
    return MODELS_AT if entrance is None else f"{entrance.path}/models"


def _names_for(caller: Caller, table: RoutingTable, entrance: Entrance | None) -> tuple[list[str], list[str]]:
    """The listed aliases, with their synonyms, and the provider/model names that this caller may use. None of too many."""
    names = len(table.routes) + len(table.synonyms)
    has_too_many = names + len(table.direct) > MOST_NAMES_LOOKED_AT
    if entrance is not None:
        offered = [] if has_too_many else offered_at(table, entrance)
        return [name for name, route in offered if caller.may_use(route)], []
    aliases = [] if names > MOST_NAMES_LOOKED_AT else [name for name, route in table.names() if caller.may_use(route)]
    models = [] if has_too_many else [name for name in table.direct if caller.may_use(table.resolve(name))]
    return aliases, models


def _reply(answered: Answered, call: Call, route: Route, draft: Draft, runtime: Runtime) -> Reply:
    upstream, reply = answered.step.upstream, answered.answer
    if isinstance(reply, Streaming):
        way = way_pairs(upstream.provider, upstream.model, route.shown_name, len(draft.attempts) + 1)
        return Reply(status=reply.status, content_type=reply.content_type, body=reply.relay, way=way)
    body = reply.body
    if route.answers_as_requested and not reply.content_type.startswith("text/event-stream"):
        body = replaced(body, "model", msgspec.json.encode(call.model))
    draft.answer_bytes = len(body)
    now = runtime.clock()
    draft.note_first_byte(now)
    draft.end_attempt(Outcome.OK, now, status=reply.status)
    way = way_pairs(upstream.provider, upstream.model, route.shown_name, len(draft.attempts))
    runtime.record(draft.close(Outcome.OK, reply.status, now, code=reply.code))
    return Reply(status=reply.status, content_type=reply.content_type, body=body, way=way)


def failure_way(draft: Draft) -> Way:
    """What a reply would have said of its way, for a request that failed on it."""
    if draft.route is None:
        return ()
    last = draft.attempts[-1] if draft.attempts else None
    return way_pairs(
        last.provider if last else "", last.model if last else "", draft.route.shown_name, len(draft.attempts)
    )
