"""What a page says of a plan: who would be tried, how likely each is to come first, and how it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from routing.health import Standing
from routing.health.standing import WELL
from routing.plan import WHOLE_WEIGHT, Lighter, Plan
from routing.selection import SELECTORS
from routing.step import Step
from routing.table import Candidate, Route
from routing.vitality import vitals_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """What a page says of one step."""

    step: Step
    chance: float
    """To be tried first."""
    standing: Standing


def explain(plan: Plan) -> Sequence[Prospect]:
    """Every step the plan holds, in the order of this draw, each with its chance to come first. Uses up the plan."""
    now = plan.clock()
    chances = _first_chances(plan, plan.route, {}, now)
    return [
        Prospect(
            step=step,
            chance=chances.get(step.upstream.key, 0.0),
            standing=plan.standing_of(step.upstream, now),
        )
        for step in plan.steps()
    ]


def _first_chances(plan: Plan, route: Route, known: dict[str, dict[str, float]], now: float) -> dict[str, float]:
    """Upstream key -> chance to come first. Only the first tier with anybody able has any. `known`: by alias."""
    if route.name not in known:
        known[route.name] = {}
        tiers = ([lighter for each in tier if (lighter := _lighter(plan, each, now))] for tier in route.tiers)
        first = next((tier for tier in tiers if tier), [])
        behind = [_chances_behind(plan, each.candidate, known, now) for each in first]
        selector = SELECTORS[route.selector]
        candidates = [each.candidate for each in first]
        vitals = vitals_of(candidates, plan.table, plan.health, now, plan.estimate) if selector.reads_vitals else {}
        known[route.name] = _blend(selector.chances(first, vitals), behind) if first else {}
    return known[route.name]


def _lighter(plan: Plan, candidate: Candidate, now: float) -> Lighter | None:
    """The candidate with its share of weight, if it can be asked first."""
    if candidate.conditions or not plan.is_able(candidate):
        return None
    standing = WELL if candidate.alias else plan.standing_of(plan.table.upstreams[candidate.upstream], now)
    if not standing.ok:
        return None
    weight = max(1, round(candidate.weight * WHOLE_WEIGHT * standing.share))
    return Lighter(id=candidate.id, weight=weight, candidate=candidate)


def _blend(shares: Sequence[float], behind: Sequence[Mapping[str, float]]) -> dict[str, float]:
    blended: dict[str, float] = {}
    for share, chances in zip(shares, behind, strict=True):
        for key, chance in chances.items():
            blended[key] = blended.get(key, 0.0) + share * chance
    return blended


def _chances_behind(
    plan: Plan, candidate: Candidate, known: dict[str, dict[str, float]], now: float
) -> dict[str, float]:
    if candidate.alias:
        return _first_chances(plan, plan.table.routes[candidate.alias], known, now)
    return {plan.table.upstreams[candidate.upstream].key: 1.0}
