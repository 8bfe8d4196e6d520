"""A plan as this process would make it now, for a page: with the health that its requests have seen."""

import asyncio
import random
from collections.abc import Sequence

from gateway import runtime
from gateway.errors import NotReady
from gateway.runtime import purse_of
from routing.eligibility import Needs
from routing.health import HealthBook
from routing.plan import Plan
from routing.prospects import Prospect, explain
from routing.selection import Draw
from routing.table import Route, RoutingTable

LOOK_SECONDS = 5.0


def explained(table: RoutingTable, route: Route, api_type: str) -> tuple[Plan, Sequence[Prospect]]:
    """The plan, used up, and what it holds. Call it from a thread that is not the event loop's."""
    if route.guest is not None:
        table = RoutingTable(version=table.version, upstreams=(route.guest,))
    try:
        present = runtime.current()
    except NotReady:  # a process that serves pages alone knows of nobody's health
        plan = _plan(table, route, api_type, HealthBook(random.Random()))
        return plan, explain(plan)
    plan = _plan(table, route, api_type, present.health)

    async def look() -> Sequence[Prospect]:
        return explain(plan)

    # Health belongs to the event loop: looking at it may change it.
    return plan, asyncio.run_coroutine_threadsafe(look(), present.loop).result(LOOK_SECONDS)


def _plan(table: RoutingTable, route: Route, api_type: str, health: HealthBook) -> Plan:
    return Plan(
        table=table,
        route=route,
        needs=Needs(api_type=api_type),
        draw=Draw(rng=random.Random()),
        unpayable=purse_of(table).objection,
        health=health,
        clock=runtime.Runtime.clock,
    )
