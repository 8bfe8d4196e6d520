"""The plan: which upstreams may take a request, in what order, and which may not, each with its reason."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from routing.eligibility import Needs, objection
from routing.selection import SELECTORS, Draw, VitalsByID
from routing.table import Candidate, Frozen, LeftOut, Route, RoutingTable, Upstream

AbleTier: TypeAlias = tuple[int, str, int, Needs]
"""A tier in which nobody is left out: its route's id and name, its place, and of which requests that is so."""


class Step(Frozen, frozen=True, kw_only=True):
    """One upstream to try."""

    upstream: Upstream
    target_id: int | None
    """None when the model was asked for directly."""
    via: str
    """The alias whose target it is; another than the one asked for when an alias stands among its targets."""


class Plan(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One walk over a route: steps in the order in which they are tried, drawn one by one as they are needed.

    An alias among the targets makes its own choice only when its turn comes, so taking turns there stays even.
    """

    table: RoutingTable
    route: Route
    needs: Needs
    vitals: VitalsByID
    draw: Draw
    unpayable: Callable[[Upstream], str | None]
    """Why this process cannot call an upstream as it is configured, or None. May name variables of ours."""
    left_out: list[LeftOut] = []
    """Filled as the walk meets them."""
    able_tiers: set[AbleTier] = set()
    """Filled like it. Who hands it in again, with the same table, spares looking at each of their candidates for each request."""
    leads_somewhere: dict[str, bool] = {}
    """Alias -> whether anybody behind it can take the request."""

    def steps(self) -> Iterator[Step]:
        """Tier by tier, each in its selector's order; no upstream twice."""
        return self._through(self.route, set(), set())

    def _through(self, route: Route, entered: set[str], met: set[str]) -> Iterator[Step]:
        """`entered`: aliases, by name; `met`: upstreams, by key."""
        # Whoever stands behind an alias has been tried when it is met again: many ways may lead to it, one is walked.
        if route.name in entered:
            return
        entered.add(route.name)
        self.left_out.extend(route.left_out)
        for place, tier in enumerate(route.tiers):
            key = (route.id, route.name, place, self.needs)
            able = tier if key in self.able_tiers else self._able(tier, entered, met)
            if not able:
                continue
            if len(able) == len(tier):
                self.able_tiers.add(key)
            for candidate in SELECTORS[route.selector].order(able, self.vitals, self.draw):
                if candidate.alias:
                    yield from self._through(self.table.routes[candidate.alias], entered, met)
                    continue
                upstream = self.table.upstreams[candidate.upstream]
                if upstream.key not in met:
                    met.add(upstream.key)
                    target_id = candidate.id if candidate.id > 0 else None
                    yield Step(upstream=upstream, target_id=target_id, via=route.name)

    def _able(self, tier: Sequence[Candidate], entered: set[str], met: set[str]) -> Sequence[Candidate]:
        able = []
        for candidate in tier:
            if self.is_able(candidate):
                able.append(candidate)
            else:
                self._leave_out(candidate, entered, met)
        return able

    def is_able(self, candidate: Candidate) -> bool:
        """Whether this upstream, or anybody behind this alias, can take the request.

        An alias with nobody behind it must not be chosen: its turns would all fall to the one next in order.
        """
        if not candidate.alias:
            upstream = self.table.upstreams[candidate.upstream]
            return objection(upstream, self.needs) is None and self.unpayable(upstream) is None
        if candidate.alias not in self.leads_somewhere:
            self.leads_somewhere[candidate.alias] = False  # ends the walk should the database hold a circle after all
            behind = (other for tier in self.table.routes[candidate.alias].tiers for other in tier)
            self.leads_somewhere[candidate.alias] = any(self.is_able(other) for other in behind)
        return self.leads_somewhere[candidate.alias]

    def _leave_out(self, candidate: Candidate, entered: set[str], met: set[str]) -> None:
        if candidate.alias:
            # No step comes of it, only the reasons of those behind it.
            list(self._through(self.table.routes[candidate.alias], entered, met))
            return
        upstream = self.table.upstreams[candidate.upstream]
        speaks: tuple[str, ...] = ()
        if reason := objection(upstream, self.needs):
            told, speaks = f"{upstream.name} ({reason})", tuple(upstream.urls)
        elif reason := self.unpayable(upstream):
            told = f"{upstream.name} (cannot be called as it is configured)"
        else:
            return
        self.left_out.append(LeftOut(target=upstream.key, reason=reason, for_callers=told, speaks=speaks))


def spoken_instead(left_out: Sequence[LeftOut]) -> list[str]:
    """The API types that would have been taken, where the request's own is all that is against everybody; else none."""
    if not all(one.speaks for one in left_out):
        return []
    return sorted({api_type for one in left_out for api_type in one.speaks})


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """What a page says of one step: how likely it is to be tried first."""

    step: Step
    chance: float


def explain(plan: Plan) -> Sequence[Prospect]:
    """Every step the plan holds, in the order of this draw, each with its chance to come first. Uses up the plan."""
    chances = _first_chances(plan, plan.route, {})
    return [Prospect(step=step, chance=chances.get(step.upstream.key, 0.0)) for step in plan.steps()]


def _first_chances(plan: Plan, route: Route, known: dict[str, dict[str, float]]) -> dict[str, float]:
    """Upstream key -> chance to come first. Only the first tier with anybody able has any. `known`: by alias."""
    if route.name not in known:
        known[route.name] = {}
        tiers = ([candidate for candidate in tier if plan.is_able(candidate)] for tier in route.tiers)
        first = next((tier for tier in tiers if tier), [])
        behind = [_chances_behind(plan, candidate, known) for candidate in first]
        known[route.name] = _blend(SELECTORS[route.selector].chances(first), behind) if first else {}
    return known[route.name]


def _blend(shares: Sequence[float], behind: Sequence[Mapping[str, float]]) -> dict[str, float]:
    blended: dict[str, float] = {}
    for share, chances in zip(shares, behind, strict=True):
        for key, chance in chances.items():
            blended[key] = blended.get(key, 0.0) + share * chance
    return blended


def _chances_behind(plan: Plan, candidate: Candidate, known: dict[str, dict[str, float]]) -> dict[str, float]:
    if candidate.alias:
        return _first_chances(plan, plan.table.routes[candidate.alias], known)
    return {plan.table.upstreams[candidate.upstream].key: 1.0}
