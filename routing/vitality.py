"""What selectors that measure are told of the candidates of a tier."""

from collections.abc import Callable, Iterable, Sequence

from routing.health import HealthBook
from routing.reach import reached_from
from routing.selection import Vitals
from routing.table import Candidate, RoutingTable, Upstream

Estimate = Callable[[Upstream], float | None]


def vitals_of(
    candidates: Sequence[Candidate], table: RoutingTable, health: HealthBook, now: float, estimate: Estimate | None
) -> dict[int, Vitals]:
    """By the candidate's id. An alias is as quick and as cheap as the best behind it, and as busy as all of them."""
    return {
        candidate.id: of_all(of_one(upstream, health, now, estimate) for upstream in behind(candidate, table))
        if candidate.alias
        else of_one(table.upstreams[candidate.upstream], health, now, estimate)
        for candidate in candidates
    }


def behind(candidate: Candidate, table: RoutingTable) -> list[Upstream]:
    """The upstreams behind an alias."""
    return [one.upstream for one in reached_from(table, table.routes[candidate.alias], lambda candidate: True)]


def of_one(upstream: Upstream, health: HealthBook, now: float, estimate: Estimate | None) -> Vitals:
    one = health.of(upstream.key)
    signs = one.vitals
    signs.use.look(now)
    return Vitals(
        in_flight=one.in_flight + one.in_flight_elsewhere,
        samples=signs.samples(now),
        first_byte_ms=signs.first_byte_ms,
        tokens_per_second=signs.speed.value,
        cost_usd=None if estimate is None else estimate(upstream),
        used=signs.use.amount,
    )


def of_all(each: Iterable[Vitals]) -> Vitals:
    parts = list(each)
    return Vitals(
        in_flight=sum(one.in_flight for one in parts),
        samples=max((one.samples for one in parts), default=0.0),
        first_byte_ms=min((one.first_byte_ms for one in parts if one.first_byte_ms is not None), default=None),
        tokens_per_second=max(
            (one.tokens_per_second for one in parts if one.tokens_per_second is not None), default=None
        ),
        cost_usd=min((one.cost_usd for one in parts if one.cost_usd is not None), default=None),
        used=sum(one.used for one in parts),
    )
