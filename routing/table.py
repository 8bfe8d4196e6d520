"""The routing table: a frozen picture of all configuration that requests need, one version, JSON in and out.

msgspec's structs rather than dataclasses: they decode a hundred thousand targets in tens of milliseconds, and the
collector need not walk them.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

import msgspec

Item = TypeVar("Item")


class Frozen(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A value of the table."""


class Upstream(Frozen, frozen=True, kw_only=True):
    """One model at one address, with all that is needed to call it; never a secret in clear."""

    key: str
    """Names it among all upstreams: provider/model, and the address where it has one of its own."""
    model_id: int = 0
    """The ProviderModel's."""
    provider: str
    model: str
    urls: dict[str, str]
    """API type -> address of the endpoint."""
    auth: str = "bearer"
    auth_header: str = ""
    credential: str = ""
    """$NAME of an environment variable, or sealed text."""
    headers: dict[str, str] = {}
    asks_stream_usage: bool = True
    connect_timeout_seconds: float | None = None
    first_byte_timeout_seconds: float | None = None
    idle_timeout_seconds: float | None = None
    semantic_idle_timeout_seconds: float | None = None
    answer_timeout_seconds: float | None = None
    max_in_flight: int | None = None
    """Of this model, from one process. None: as the settings say."""
    provider_max_in_flight: int | None = None
    """Of all models of its provider together. None: no limit."""
    probe_every_seconds: float | None = None
    context_length: int | None = None
    input_usd_per_mtok: str | None = None
    output_usd_per_mtok: str | None = None
    cached_input_usd_per_mtok: str | None = None

    @property
    def name(self) -> str:
        """provider/model: for callers, who need not know where it stands."""
        return f"{self.provider}/{self.model}"


class Waits(Frozen, frozen=True, kw_only=True):
    """How long a target may take where it differs from its provider, in seconds."""

    connect_seconds: float | None = None
    first_byte_seconds: float | None = None
    idle_seconds: float | None = None
    answer_seconds: float | None = None


class Candidate(Frozen, frozen=True, kw_only=True):
    """A target that may be chosen: an upstream, by its place in the table, or another alias, by name."""

    id: int
    weight: int = 1
    upstream: int = -1
    alias: str = ""
    conditions: tuple[str, ...] = ()
    """What must have failed before it is asked (routing/conditions.py). Empty: it may be the first."""
    waits: Waits | None = None


class LeftOut(Frozen, frozen=True, kw_only=True):
    """A target that gets no requests as things are configured, and why."""

    target: str
    reason: str
    for_callers: str = ""
    """What a caller may know of it instead, where these name an address or a variable of ours."""
    speaks: tuple[str, ...] = ()
    """The API types that it could take instead, where the request's is all that is against it."""

    @property
    def told(self) -> str:
        """For the caller."""
        return self.for_callers or f"{self.target} ({self.reason})"


class DisabledModel(Frozen, frozen=True, kw_only=True):
    """A model that cannot be asked for, and why."""

    model_id: int
    reason: str


class Route(Frozen, frozen=True, kw_only=True):
    """An alias as requests see it, or one model that was asked for directly."""

    name: str
    id: int = 0
    """The alias's; 0 when a model was asked for directly."""
    model_id: int = 0
    """The model's when it was asked for directly; 0 for an alias."""
    description: str = ""
    listed: bool = True
    selector: str = "in_order"
    answers_as_requested: bool = False
    max_attempts: int = 3
    holds_streams_back: bool = False
    """Until they are whole, so that a break in the middle can be mended."""
    sticky: str = ""
    """What names a session (gateway/sessions.py); empty: nothing does."""
    sticky_seconds: float = 3600.0
    hedge_percentile: int = 0
    """0: never ask a second one."""
    hedge_budget_percent: int = 5
    created: int = 0
    """When the alias was made, seconds since the epoch."""
    tiers: tuple[tuple[Candidate, ...], ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @property
    def is_direct(self) -> bool:
        """Asked for as provider/model, past every alias."""
        return self.id == 0


class UnknownModel(LookupError):
    """No alias, no synonym and no provider/model has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class RoutingTable(Frozen, frozen=True, kw_only=True):
    """All routes of one version."""

    version: int = 0
    upstreams: tuple[Upstream, ...] = ()
    routes: dict[str, Route] = {}
    synonyms: dict[str, str] = {}
    """Synonym -> alias."""
    direct: dict[str, int] = {}
    """provider/model -> place among the upstreams."""
    disabled: dict[str, DisabledModel] = {}
    """provider/model that cannot be asked for."""

    @property
    def is_empty(self) -> bool:
        """Nothing can be asked for, nor explained."""
        return not (self.routes or self.direct or self.disabled)

    def parts(self) -> Iterator[object]:
        """All routes and upstreams."""
        yield from self.routes.values()
        yield from self.upstreams

    def resolve(self, name: str) -> Route:
        """Alias, then synonym, then provider/model, then direct/provider/model. Raises UnknownModel."""
        route = self.routes.get(name) or self.routes.get(self.synonyms.get(name, ""))
        if route is not None:
            return route
        return self._resolve_direct(name.removeprefix("direct/"), asked_as=name)

    def _resolve_direct(self, name: str, *, asked_as: str) -> Route:
        place = self.direct.get(name)
        if place is not None:
            model_id = self.upstreams[place].model_id
            return Route(name=name, model_id=model_id, tiers=((Candidate(id=-1 - place, upstream=place),),))
        if name in self.disabled:
            found = self.disabled[name]
            left_out = (LeftOut(target=name, reason=found.reason),)
            return Route(name=name, model_id=found.model_id, left_out=left_out)
        raise UnknownModel(asked_as)

    def names(self) -> Iterator[tuple[str, Route]]:
        """Every listed alias, with its synonyms after it."""
        synonyms: dict[str, list[str]] = {}
        for synonym, alias in self.synonyms.items():
            synonyms.setdefault(alias, []).append(synonym)
        for name, route in self.routes.items():
            if route.listed:
                yield name, route
                yield from ((synonym, route) for synonym in synonyms.get(name, ()))


ROUTES_PER_PIECE = 100
UPSTREAMS_PER_PIECE = 500
"""A piece is decoded in about a millisecond: as long as nothing else in the process runs."""


def encode(table: RoutingTable) -> Iterator[bytes]:
    """The table as JSON, in pieces: each one a table with a part of the whole. There is at least one."""
    yield msgspec.json.encode(RoutingTable(version=table.version, synonyms=table.synonyms, disabled=table.disabled))
    for upstreams in _parts(table.upstreams, UPSTREAMS_PER_PIECE):
        yield msgspec.json.encode(RoutingTable(upstreams=tuple(upstreams)))
    for routes in _parts(table.routes.items(), ROUTES_PER_PIECE):
        yield msgspec.json.encode(RoutingTable(routes=dict(routes)))
    for direct in _parts(table.direct.items(), UPSTREAMS_PER_PIECE):
        yield msgspec.json.encode(RoutingTable(direct=dict(direct)))


def decode(pieces: Iterable[bytes]) -> RoutingTable:
    """The table from its pieces. Raises msgspec.DecodeError, also when a field has the wrong shape."""
    version: int | None = None
    upstreams: list[Upstream] = []
    routes: dict[str, Route] = {}
    synonyms: dict[str, str] = {}
    direct: dict[str, int] = {}
    disabled: dict[str, DisabledModel] = {}
    for piece in pieces:
        part = _decoder.decode(piece)
        version = part.version if version is None else version
        upstreams += part.upstreams
        routes |= part.routes
        synonyms |= part.synonyms
        direct |= part.direct
        disabled |= part.disabled
    return RoutingTable(
        version=version or 0,
        upstreams=tuple(upstreams),
        routes=routes,
        synonyms=synonyms,
        direct=direct,
        disabled=disabled,
    )


def _parts(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


_decoder: "msgspec.json.Decoder[RoutingTable]" = msgspec.json.Decoder(RoutingTable)


def address_key(provider: str, model: str, endpoint: str) -> str:
    """`Upstream.key` of a model, at its provider's address or one of its own."""
    # Neither a name nor an address holds a space, so no two upstreams share a key.
    return f"{provider}/{model} at {endpoint}" if endpoint else f"{provider}/{model}"
