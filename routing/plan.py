"""The plan: which upstreams may take a request, in what order, and which may not, each with its reason."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from routing.eligibility import Needs, objection
from routing.selection import SELECTORS, Draw, VitalsByID
from routing.table import Candidate, LeftOut, Route, RoutingTable, Upstream


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One upstream to try."""

    upstream: Upstream
    target_id: int | None
    """None when the model was asked for directly."""
    via: str
    """The alias whose target it is; another than the one asked for when an alias stands among its targets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One walk over a route: steps in the order in which they are tried, drawn one by one as they are needed.

    An alias among the targets makes its own choice only when its turn comes, so taking turns there stays even.
    """

    table: RoutingTable
    route: Route
    needs: Needs
    vitals: VitalsByID
    draw: Draw
    unpayable: Callable[[Upstream], str | None]
    """Why this process has no credential for an upstream, or None."""
    left_out: list[LeftOut] = field(default_factory=list)
    """Filled as the walk meets them."""

    def steps(self) -> Iterator[Step]:
        """Tier by tier, each in its selector's order; no upstream twice."""
        met: set[str] = set()
        for step in self._through(self.route):
            if step.upstream.key not in met:
                met.add(step.upstream.key)
                yield step

    def _through(self, route: Route) -> Iterator[Step]:
        self.left_out.extend(route.left_out)
        for tier in route.tiers:
            able = [candidate for candidate in tier if self._is_able(candidate)]
            if able:
                for candidate in SELECTORS[route.selector].order(able, self.vitals, self.draw):
                    yield from self._behind(candidate, route)

    def _behind(self, candidate: Candidate, route: Route) -> Iterator[Step]:
        if candidate.alias:
            return self._through(self.table.routes[candidate.alias])
        target_id = candidate.id if candidate.id > 0 else None
        return iter([Step(upstream=self.table.upstreams[candidate.upstream], target_id=target_id, via=route.name)])

    def _is_able(self, candidate: Candidate) -> bool:
        if candidate.alias:
            return True
        upstream = self.table.upstreams[candidate.upstream]
        reason = objection(upstream, self.needs) or self.unpayable(upstream)
        if reason is not None:
            self.left_out.append(LeftOut(target=upstream.key, reason=reason))
        return reason is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """What a page says of one step: how likely it is to be tried first."""

    step: Step
    chance: float


def explain(plan: Plan) -> Sequence[Prospect]:
    """Every step the plan holds, in the order of this draw, each with its chance to come first. Uses up the plan."""
    chances = _first_chances(plan, plan.route)
    total = sum(chances.values()) or 1.0
    return [Prospect(step=step, chance=chances.get(step.upstream.key, 0.0) / total) for step in plan.steps()]


def _first_chances(plan: Plan, route: Route) -> dict[str, float]:
    """Upstream key -> chance to come first. Only the first tier with anybody able has any."""
    for tier in route.tiers:
        behind = [(candidate, _chances_behind(plan, candidate)) for candidate in tier]
        able = [(candidate, chances) for candidate, chances in behind if chances]
        if able:
            return _blend(SELECTORS[route.selector].chances([candidate for candidate, _ in able]), able)
    return {}


def _blend(shares: Sequence[float], able: Sequence[tuple[Candidate, dict[str, float]]]) -> dict[str, float]:
    blended: dict[str, float] = {}
    for share, (_, chances) in zip(shares, able, strict=True):
        for key, chance in chances.items():
            blended[key] = blended.get(key, 0.0) + share * chance
    return blended


def _chances_behind(plan: Plan, candidate: Candidate) -> dict[str, float]:
    if candidate.alias:
        return _first_chances(plan, plan.table.routes[candidate.alias])
    upstream = plan.table.upstreams[candidate.upstream]
    able = objection(upstream, plan.needs) is None and plan.unpayable(upstream) is None
    return {upstream.key: 1.0} if able else {}
