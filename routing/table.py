"""The routing table: a frozen picture of all configuration that requests need, one version, JSON in and out.

msgspec's structs rather than dataclasses: they decode a hundred thousand targets in tens of milliseconds, and the
collector need not walk them.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

import msgspec

from routing.names import Entrance, Pattern, ProviderNames
from routing.paths import LONGEST_PATH
from routing.route import Candidate, DisabledModel, Frozen, LeftOut, Route, Upstream, Waits
from routing.wildcards import WILDCARD, captured

__all__ = [
    "Candidate",
    "DisabledModel",
    "Entrance",
    "Frozen",
    "LeftOut",
    "Pattern",
    "ProviderNames",
    "Route",
    "RoutingTable",
    "UnknownModel",
    "Upstream",
    "Waits",
    "address_key",
    "decode",
    "encode",
]
Item = TypeVar("Item")


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

    patterns: tuple[Pattern, ...] = ()
    """The longest first."""
    providers: dict[str, ProviderNames] = {}
    """Those that have names of their own, or take any."""
    entrances: dict[str, Entrance] = {}
    """Path -> the custom route there."""
    default: str = ""
    """The alias for requests that name no model."""

    @property
    def is_empty(self) -> bool:
        """Nothing can be asked for, nor explained."""
        return not (self.routes or self.direct or self.disabled or self.providers)

    def parts(self) -> Iterator[object]:
        """All routes and upstreams."""
        yield from self.routes.values()
        yield from self.upstreams

    def resolve(self, name: str) -> Route:
        """Alias, synonym, provider/model, direct/provider/model, pattern, any model of a provider. Raises UnknownModel."""
        route = self.routes.get(name) or self.routes.get(self.synonyms.get(name, ""))  # `alias`, without a call
        if route is not None:
            return route
        key = name.removeprefix("direct/")
        route = self.stored(key)
        if route is None and key == name:
            route = self.by_pattern(name)
        if route is None:
            provider, _, model = key.partition("/")
            route = self.any_model(provider, model)
        if route is None:
            raise UnknownModel(name)
        return route

    def alias(self, name: str) -> Route | None:
        """The alias of this name, or synonym."""
        return self.routes.get(name) or self.routes.get(self.synonyms.get(name, ""))

    def stored(self, key: str) -> Route | None:
        """The model `provider/model`, where the provider has it among its models; also one that is disabled."""
        place = self.direct.get(key)
        if place is not None:
            model_id = self.upstreams[place].model_id
            return Route(name=key, model_id=model_id, tiers=((Candidate(id=-1 - place, upstream=place),),))
        found = self.disabled.get(key)
        if found is None:
            return None
        return Route(name=key, model_id=found.model_id, left_out=(LeftOut(target=key, reason=found.reason),))

    def any_model(self, provider: str, model: str) -> Route | None:
        """A model that nobody stored, where the provider takes any."""
        names = self.providers.get(provider)
        return None if names is None else names.any_model(provider, model)

    def model_of(self, provider: str, model: str) -> Route | None:
        """A provider's model, stored or not."""
        return self.stored(f"{provider}/{model}") or self.any_model(provider, model)

    def by_pattern(self, name: str) -> Route | None:
        """What the longest pattern that matches leads to, if it leads anywhere."""
        for pattern in self.patterns:
            part = captured(pattern.pattern, name)
            if part is None:
                continue
            if pattern.alias:
                route = self.routes.get(pattern.alias)
            else:
                route = self.model_of(pattern.provider, pattern.model.replace(WILDCARD, part))
            if route is None:
                return None
            known_as = pattern.pattern if route.is_direct else ""
            return msgspec.structs.replace(route, known_as=known_as, came_by=f"pattern {pattern.pattern}")
        return None

    def entrance_at(self, path: str) -> Entrance | None:
        """The custom route with the longest path at or above this one."""
        above = path if len(path) <= LONGEST_PATH else path[: LONGEST_PATH + 1].rpartition("/")[0]
        while above:
            found = self.entrances.get(above)
            if found is not None:
                return found
            above = above.rpartition("/")[0]
        return None

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
    yield msgspec.json.encode(
        RoutingTable(version=table.version, synonyms=table.synonyms, disabled=table.disabled, default=table.default)
    )
    for upstreams in _parts(table.upstreams, UPSTREAMS_PER_PIECE):
        yield msgspec.json.encode(RoutingTable(upstreams=tuple(upstreams)))
    for routes in _parts(table.routes.items(), ROUTES_PER_PIECE):
        yield msgspec.json.encode(RoutingTable(routes=dict(routes)))
    for direct in _parts(table.direct.items(), UPSTREAMS_PER_PIECE):
        yield msgspec.json.encode(RoutingTable(direct=dict(direct)))
    for patterns in _parts(table.patterns, UPSTREAMS_PER_PIECE):
        yield msgspec.json.encode(RoutingTable(patterns=tuple(patterns)))
    for providers in _parts(table.providers.items(), ROUTES_PER_PIECE):
        yield msgspec.json.encode(RoutingTable(providers=dict(providers)))
    for entrances in _parts(table.entrances.items(), UPSTREAMS_PER_PIECE):
        yield msgspec.json.encode(RoutingTable(entrances=dict(entrances)))


def decode(pieces: Iterable[bytes]) -> RoutingTable:
    """The table from its pieces. Raises msgspec.DecodeError, also when a field has the wrong shape."""
    whole = _Pieces()
    for piece in pieces:
        whole.add(_decoder.decode(piece))
    return whole.joined()


class _Pieces:
    """Those that are here so far."""

    def __init__(self) -> None:
        self._first: RoutingTable | None = None
        self._upstreams: list[Upstream] = []
        self._patterns: list[Pattern] = []
        self._by_name: dict[str, dict[str, object]] = {name: {} for name in _MAPPINGS}

    def add(self, part: RoutingTable) -> None:
        self._first = self._first or part
        self._upstreams += part.upstreams
        self._patterns += part.patterns
        for name, collected in self._by_name.items():
            collected |= getattr(part, name)

    def joined(self) -> RoutingTable:
        first = self._first or RoutingTable()
        mappings: Mapping[str, Any] = self._by_name  # Any: each has its own values
        return RoutingTable(
            version=first.version,
            default=first.default,
            upstreams=tuple(self._upstreams),
            patterns=tuple(self._patterns),
            **mappings,
        )


_MAPPINGS = ("routes", "synonyms", "direct", "disabled", "providers", "entrances")


def _parts(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


_decoder: "msgspec.json.Decoder[RoutingTable]" = msgspec.json.Decoder(RoutingTable)


def address_key(provider: str, model: str, endpoint: str) -> str:
    """`Upstream.key` of a model, at its provider's address or one of its own."""
    # Neither a name nor an address holds a space, so no two upstreams share a key.
    return f"{provider}/{model} at {endpoint}" if endpoint else f"{provider}/{model}"
