"""Everybody who stands behind a route, whichever way leads there."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from routing.table import Candidate, Route, RoutingTable, Upstream


class Reached(NamedTuple):
    """One upstream behind a route."""

    upstream: Upstream
    weight: int
    conditions: tuple[str, ...]


def reached_from(table: RoutingTable, route: Route, is_able: Callable[[Candidate], bool]) -> list[Reached]:
    """Each upstream once, by the first way that leads to it. A target behind an alias waits for that alias's conditions."""
    found: dict[str, Reached] = {}
    for reached in behind(table, route, is_able):
        found.setdefault(reached.upstream.key, reached)
    return list(found.values())


def behind(table: RoutingTable, route: Route, is_able: Callable[[Candidate], bool]) -> Iterator[Reached]:
    """The same one by one, for whoever need not see them all; an upstream comes once for each way."""
    return _behind(table, route, is_able, set(), ())


def _behind(
    table: RoutingTable,
    route: Route,
    is_able: Callable[[Candidate], bool],
    entered: set[str],
    inherited: tuple[str, ...],
) -> Iterator[Reached]:
    if route.name in entered:
        return
    entered.add(route.name)
    for candidate in (candidate for tier in route.tiers for candidate in tier):
        if not is_able(candidate):
            continue
        conditions = candidate.conditions or inherited
        if candidate.alias:
            yield from _behind(table, table.routes[candidate.alias], is_able, entered, conditions)
        else:
            yield Reached(table.upstreams[candidate.upstream], candidate.weight, conditions)
