"""What a name means to a request that came in by a custom route, and what there is to ask for."""

from collections.abc import Iterator

import msgspec

from routing.route import Route
from routing.table import Entrance, RoutingTable, UnknownModel


def resolve_at(table: RoutingTable, entrance: Entrance, name: str) -> Route:
    """Raises UnknownModel."""
    if entrance.provider:
        route = _of_provider(table, entrance.provider, name)
    elif entrance.alias:
        route = _of_alias(table, entrance.alias, name)
    else:
        route = table.resolve(name)
    if route is None:
        raise UnknownModel(name)
    return msgspec.structs.replace(route, came_by=", ".join(filter(None, (entrance.path, route.came_by))))


def default_at(table: RoutingTable, entrance: Entrance | None) -> str:
    """The alias for a request that names no model; empty where it has to name one."""
    if entrance is None:
        return table.default
    if entrance.provider:
        names = table.providers.get(entrance.provider)
        return "" if names is not None and names.are_its_own else table.default
    return entrance.alias or table.default


def offered_at(table: RoutingTable, entrance: Entrance) -> Iterator[tuple[str, Route]]:
    """The names that a list of models shows there, each once, with what it means."""
    if entrance.provider:
        yield from dict(_offered_by_provider(table, entrance.provider)).items()
    elif entrance.alias:
        yield from ((name, route) for name, route in table.names() if route.name == entrance.alias)
    else:
        yield from table.names()


def _of_provider(table: RoutingTable, provider: str, name: str) -> Route | None:
    """Its own aliases in place of all others, where it has any; then its models; then patterns; then whatever it takes."""
    names = table.providers.get(provider)
    has_own = names is not None and names.are_its_own
    if names is not None and (meant := names.meaning(name)) is not None:
        alias, model = meant
        route = table.model_of(provider, model)
        if route is None:
            return None
        known_as = f"{provider}:{alias}"[:LONGEST_ALIAS]
        return msgspec.structs.replace(route, known_as=known_as, came_by=f"its alias {alias}")
    route = None if has_own else table.alias(name)
    if route is None:
        route = table.stored(f"{provider}/{name}")
    if route is None and name.startswith(f"{provider}/"):
        route = table.stored(name)
    if route is None and not has_own:
        route = table.by_pattern(name)
    return route or table.any_model(provider, name)


def _of_alias(table: RoutingTable, alias: str, name: str) -> Route | None:
    route = table.alias(name) or table.by_pattern(name)
    return route if route is not None and route.id and route.name == alias else None


def _offered_by_provider(table: RoutingTable, provider: str) -> Iterator[tuple[str, Route]]:
    """Its models first: where an alias has the same name, that is what the name means."""
    beginning = f"{provider}/"
    for key in table.direct:
        if key.startswith(beginning) and (route := table.stored(key)) is not None:
            yield key.removeprefix(beginning), route
    names = table.providers.get(provider)
    if names is None or not names.are_its_own:
        yield from table.names()
        return
    for name, model in names.own.items():
        if (route := table.model_of(provider, model)) is not None:
            yield name, route


LONGEST_ALIAS = 128
"""As long as the history's column."""
