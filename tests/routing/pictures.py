"""Routing tables for tests that need no database."""

import random
from collections.abc import Callable, Sequence

from routing.eligibility import Needs
from routing.health import HealthBook
from routing.plan import AbleTier, Plan
from routing.selection import Draw
from routing.step import Step
from routing.table import Candidate, LeftOut, Route, RoutingTable, Upstream


def an_upstream(key: str, *api_types: str) -> Upstream:
    """The upstream of this provider/model, for chat unless other API types are given."""
    provider, _, model = key.partition("/")
    urls = {name: f"https://{provider}.example.com/v1/{name}" for name in api_types or ("chat",)}
    return Upstream(key=key, provider=provider, model=model, urls=urls)


def a_route(
    name: str, *tiers: Sequence[Candidate], selector: str = "in_order", left_out: tuple[LeftOut, ...] = ()
) -> Route:
    """An alias. The target's id says where it stands: tests read it in `Step.target_id`."""
    return Route(name=name, id=1, selector=selector, tiers=tuple(tuple(tier) for tier in tiers), left_out=left_out)


def a_table(upstreams: Sequence[Upstream], *routes: Route) -> RoutingTable:
    """These routes over these upstreams, which may also be asked for directly."""
    return RoutingTable(
        version=1,
        upstreams=tuple(upstreams),
        routes={route.name: route for route in routes},
        direct={upstream.key: place for place, upstream in enumerate(upstreams)},
    )


def a_plan(
    table: RoutingTable,
    name: str,
    *,
    draw: Draw | None = None,
    api_type: str = "chat",
    unpayable: Callable[[Upstream], str | None] = lambda upstream: None,
    health: HealthBook | None = None,
    clock: Callable[[], float] = lambda: 1000.0,
    able_tiers: set[AbleTier] | None = None,
) -> Plan:
    """The plan of one request for this name."""
    return Plan(
        table=table,
        route=table.resolve(name),
        needs=Needs(api_type=api_type),
        health=health or HealthBook(random.Random(1)),
        clock=clock,
        able_tiers=set() if able_tiers is None else able_tiers,
        draw=draw or a_draw(),
        unpayable=unpayable,
    )


def a_draw(seed: int = 1) -> Draw:
    """Chance that is the same each time."""
    return Draw(rng=random.Random(seed))


def keys(steps: Sequence[Step]) -> list[str]:
    """Which upstreams, in what order."""
    return [step.upstream.key for step in steps]
