"""GET /v1/models: the names that this key may ask for, in OpenAI's list shape."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec
from rest_framework.request import Request

from gateway import runtime
from gateway.access.keyring import Caller
from gateway.exchange import resolve
from gateway.in_flight import IN_FLIGHT
from gateway.views.base import GatewayView
from gateway.views.ready import ReadyResponse, as_pairs, ready
from routing.entrances import offered_at
from routing.table import Entrance, Frozen, Route, RoutingTable

if TYPE_CHECKING:
    from gateway.asgi import GatewayRequest


class Model(Frozen, frozen=True, kw_only=True, omit_defaults=False):
    """One entry, as OpenAI writes it."""

    id: str
    object: str = "model"
    created: int
    owned_by: str = "plexus"
    description: str


class ModelList(Frozen, frozen=True, kw_only=True, omit_defaults=False):
    """The list, as OpenAI writes it."""

    object: str = "list"
    data: list[Model]


class Models(GatewayView):
    """All of them."""

    async def get(self, request: Request) -> ReadyResponse:
        check_has_room()
        asked: GatewayRequest = request._request  # type: ignore[assignment]  # these paths have no other requests
        models = models_for(request.user, runtime.current().purse.table, asked.entrance)  # type: ignore[arg-type]  # our own authenticator
        return tagged(msgspec.json.encode(ModelList(data=list(models))), asked)


class OneModel(GatewayView):
    """One of them, by any name that a request may use."""

    async def get(self, request: Request, name: str) -> ReadyResponse:
        check_has_room()
        caller: Caller = request.user  # type: ignore[assignment]  # our own authenticator
        asked: GatewayRequest = request._request  # type: ignore[assignment]  # as above
        route = resolve(name, caller, runtime.current().purse.table, asked.entrance)
        return tagged(msgspec.json.encode(model_of(name, route)), asked)


def check_has_room() -> None:
    """Raise Overloaded while the process is behind with what it has."""
    if IN_FLIGHT.lag.is_lasting:
        raise IN_FLIGHT.shed()


def models_for(caller: Caller, table: RoutingTable, entrance: Entrance | None = None) -> Iterable[Model]:
    """Every listed alias and synonym that the caller may use; by a custom route, what is offered there."""
    offered = table.names() if entrance is None else offered_at(table, entrance)
    return (model_of(name, route) for name, route in offered if caller.may_use(route))


def model_of(name: str, route: Route) -> Model:
    """How a name is shown: a synonym says whose it is."""
    is_synonym = not route.is_direct and name != route.name
    return Model(
        id=name, created=route.created, description=f"Alias for: {route.name}" if is_synonym else route.description
    )


def tagged(body: bytes, request: GatewayRequest) -> ReadyResponse:
    """The body with its ETag, or 304 for a client that has it already."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    known = {
        part.strip().removeprefix("W/") for value in request.values_of(b"if-none-match") for part in value.split(",")
    }
    headers = {"etag": tag, "cache-control": "private, no-cache"}
    if tag in known or "*" in known:
        return ReadyResponse(304, as_pairs(headers))
    return ready(body, headers=headers)
