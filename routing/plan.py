"""The plan: which upstreams may take a request, in what order, and which may not, each with its reason."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import msgspec

from routing import conditions, leaving_out, stickiness
from routing.closer_look import CloserLook
from routing.eligibility import Needs, objection
from routing.health import HealthBook, Standing
from routing.health.standing import WELL
from routing.reach import behind, reached_from
from routing.selection import SELECTORS, Draw, VitalsByID
from routing.step import Step
from routing.table import Candidate, LeftOut, Route, RoutingTable, Upstream
from routing.vitality import vitals_of

AbleTier: TypeAlias = tuple[int, str, int, Needs]
"""A tier in which nobody is left out for its configuration: its route's id and name, its place, and of which requests that is so."""
NO_VITALS: VitalsByID = {}
WHOLE_WEIGHT = 100
"""A weight of 1 that is scaled: shares are taken in hundredths."""
WEIGHT_DRIVEN = frozenset({"random", "round_robin"})
"""Selectors whose order a session may replace by its own: nothing but weights speaks there."""
WORDS = {
    "random": "by weight",
    "in_order": "first in the order",
    "round_robin": "its turn",
    "least_connections": "fewest requests in flight",
    "latency": "quickest, or explored",
    "performance": "fastest, or explored",
    "cost": "cheapest",
    "usage": "least used",
}
"""Selector -> why its first choice was asked."""


class Lighter(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A candidate with a share of its weight, as a selector sees it."""

    id: int
    weight: int
    candidate: Candidate


class Plan(msgspec.Struct, kw_only=True, gc=False):
    """One walk over a route: steps in the order in which they are tried, drawn one by one as they are needed.

    An alias among the targets makes its own choice only when its turn comes, so taking turns there stays even. Whoever tries the
    steps says what came of each by `fell`, for the conditions of those that follow, and begins a try at once: between a step and
    its begin nothing else may happen in the event loop, or two requests would be the same probe.
    """

    table: RoutingTable
    route: Route
    needs: Needs
    draw: Draw
    unpayable: Callable[[Upstream], str | None]
    """Why this process cannot call an upstream as it is configured, or None. May name variables of ours."""
    health: HealthBook
    clock: Callable[[], float]
    """Monotonic seconds, as the health of upstreams counts them."""
    estimate: Callable[[Upstream], float | None] | None = None
    """What this very request would cost there, in US dollars."""
    session: bytes = b""
    """Whom the request belongs to, where the route keeps sessions together."""
    remembered: str = ""
    """The key of the upstream that the session was last with."""
    left_out: list[LeftOut] = []
    """Filled as the walk meets them."""
    able_tiers: set[AbleTier] = set()
    """Filled like it. Who hands it in again, with the same table, spares looking at each of their candidates for each request."""
    outs: dict[str, Standing] = {}
    """Upstream key -> what its health has against it. A part of those left out."""
    failed: list[str] = []
    """The condition of each that failed, or is left alone because it failed."""
    named_only: str = ""
    """After a failure that only a target which names its condition may take over: that condition."""
    tries: int = 0
    is_plain: bool = True
    """Everybody was well when they were looked at, and nothing has happened since."""
    met: set[str] = set()
    """Keys of upstreams that are no longer to be looked at."""
    after: str = ""
    """What the last try came to, for people."""
    leads_somewhere: dict[str, bool] = {}
    """Alias -> whether anybody behind it can take the request."""
    look: CloserLook | None = None
    """Made when somebody is not well."""

    def steps(self) -> Iterator[Step]:
        """Tier by tier, each in its selector's order; no upstream twice."""
        return self._through(self.route, set(), self.met)

    def beside(self, why: str) -> Step | None:
        """Somebody well who may take the request at the same time as those who have it. The walk does not come to them again.

        It is a walk of its own, over which fallbacks stay where they are: nobody has failed yet.
        """
        other = msgspec.structs.replace(
            self, met=set(self.met), left_out=[], outs={}, failed=list(self.failed), tries=1, is_plain=False, after=why
        )
        for step in other.steps():
            if self.health.of(step.upstream.key).standing(self.clock()).is_well:
                self.met.add(step.upstream.key)
                return step
        return None

    def fell(self, step: Step, condition: str, *, others_may: bool, named_may: bool) -> bool:
        """A step was tried and failed. Returns whether anybody else may be asked."""
        self.tries += 1
        self.is_plain = False
        self.failed.append(condition)
        self.after = f"after {condition.replace('_', ' ')} of {step.upstream.name}"
        self.named_only = "" if others_may else condition
        return others_may or named_may

    def standing_of(self, upstream: Upstream, now: float) -> Standing:
        """Its health, as this request has to see it."""
        standing = self.health.of(upstream.key).standing(now)
        return standing if standing is WELL else self._closer_look.standing(upstream.key, now, self.failed)

    @property
    def is_lone(self) -> bool:
        """Whether nobody but one upstream can take the request."""
        return self._closer_look.is_lone

    @property
    def _closer_look(self) -> CloserLook:
        if self.look is None:
            everybody = reached_from(self.table, self.route, self.is_able)
            self.look = CloserLook(health=self.health, everybody=everybody)
        return self.look

    def is_able(self, candidate: Candidate) -> bool:
        """Whether this upstream, or anybody behind this alias, can take the request.

        An alias with nobody behind it must not be chosen: its turns would all fall to the one next in order.
        """
        if not candidate.alias:
            upstream = self.table.upstreams[candidate.upstream]
            return objection(upstream, self.needs) is None and self.unpayable(upstream) is None
        if candidate.alias not in self.leads_somewhere:
            self.leads_somewhere[candidate.alias] = False  # ends the walk should the database hold a circle after all
            others = (other for tier in self.table.routes[candidate.alias].tiers for other in tier)
            self.leads_somewhere[candidate.alias] = any(self.is_able(other) for other in others)
        return self.leads_somewhere[candidate.alias]

    # The walk

    def _through(self, route: Route, entered: set[str], met: set[str]) -> Iterator[Step]:
        """`entered`: aliases, by name; `met`: upstreams, by key."""
        # Whoever stands behind an alias has been tried when it is met again: many ways may lead to it, one is walked.
        if route.name in entered:
            return
        entered.add(route.name)
        if route.left_out:
            self.left_out.extend(route.left_out)
        for place, tier in enumerate(route.tiers):
            key = (route.id, route.name, place, self.needs)
            able: Sequence[Candidate] = tier
            if key not in self.able_tiers:
                able = self._able(tier, entered, met)
                if not able:
                    continue
                if len(able) == len(tier):
                    self.able_tiers.add(key)
            waiting = self._ordered(route, able, met)
            while waiting:
                if self.named_only or waiting[0].conditions:
                    candidate = self._next(waiting)
                else:
                    candidate = waiting.pop(0)
                if candidate is None:
                    self._leave_waiting(waiting, met)
                    break
                if candidate.alias:
                    yield from self._behind(candidate, entered, met)
                    continue
                step = self._step(candidate, route, met)
                if step is not None:
                    yield step

    def _behind(self, candidate: Candidate, entered: set[str], met: set[str]) -> Iterator[Step]:
        """Whoever follows a name that was named for a failure may take it, whatever its own conditions say."""
        named, tries = self.named_only, self.tries
        self.named_only = ""
        yield from self._through(self.table.routes[candidate.alias], entered, met)
        if self.tries == tries:
            self.named_only = named

    def _next(self, waiting: list[Candidate]) -> Candidate | None:
        """The first that may be asked as things stand, taken from those that wait. None: nobody may."""
        for place, candidate in enumerate(waiting):
            wanted = candidate.conditions
            if self.named_only and not conditions.names(wanted, self.named_only):
                continue
            if not wanted or conditions.holds(wanted, self.failed):
                return waiting.pop(place)
        return None

    def _step(self, candidate: Candidate, route: Route, met: set[str]) -> Step | None:
        upstream = self.table.upstreams[candidate.upstream]
        if upstream.key in met:
            return None
        met.add(upstream.key)
        why = self.after or WORDS.get(route.selector, "")
        may_probe = False
        standing = WELL if self.is_plain else self.standing_of(upstream, self.clock())
        if standing is not WELL:
            if not standing.ok:
                self._leave_out_for_health(upstream, standing)
                return None
            may_probe = standing.is_probe and not self.is_lone
            why = f"{why}; {'as a probe: ' if standing.is_probe else ''}{standing.reason}".removeprefix("; ")
        if self.route.came_by:
            why = f"{self.route.came_by}; {why}".removesuffix("; ")
        if upstream.key == self.remembered:
            why = f"its session was there; {why}"
        return Step(
            upstream=upstream,
            target_id=candidate.id if candidate.id > 0 else None,
            via=route.name,
            waits=candidate.waits,
            why=why,
            may_probe=may_probe,
        )

    # The order of a tier

    def _able(self, tier: Sequence[Candidate], entered: set[str], met: set[str]) -> Sequence[Candidate]:
        able = []
        for candidate in tier:
            if self.is_able(candidate):
                able.append(candidate)
            else:
                self._leave_out(candidate, entered, met)
        return able

    def _ordered(self, route: Route, able: Sequence[Candidate], met: set[str]) -> list[Candidate]:
        """Those of a tier that can take the request now, in the order in which they are looked at."""
        now = self.clock()
        if not self.session and self._are_all_well(able, now):
            selector = SELECTORS[route.selector]
            ordered = selector.order(able, self._vitals(able, now) if selector.reads_vitals else NO_VITALS, self.draw)
        else:
            self.is_plain = False
            ordered = self._ordered_closely(able, route.selector, now, met)
        fallbacks = [candidate for candidate in ordered if candidate.conditions]
        if fallbacks and route.selector != "in_order":
            return [candidate for candidate in ordered if not candidate.conditions] + fallbacks
        return ordered

    def _are_all_well(self, able: Sequence[Candidate], now: float) -> bool:
        health, upstreams = self.health, self.table.upstreams
        for candidate in able:
            if candidate.alias:
                if not self._is_anybody_behind(candidate.alias, now):
                    return False
            else:
                key = upstreams[candidate.upstream].key
                if (health.known(key) or health.of(key)).standing(now) is not WELL:
                    return False
        return True

    def _is_anybody_behind(self, alias: str, now: float) -> bool:
        """Whether somebody behind an alias may be asked now. One with nobody must not be chosen: its turns would be the next one's."""
        everybody = behind(self.table, self.table.routes[alias], self.is_able)
        return any(self.standing_of(reached.upstream, now).ok for reached in everybody)

    def _ordered_closely(self, able: Sequence[Candidate], selector: str, now: float, met: set[str]) -> list[Candidate]:
        """The same where somebody is not well, or a session wants to stay where it is."""
        choices: list[Lighter] = []
        probes: list[Candidate] = []
        empty: list[Candidate] = []
        for candidate in able:
            if candidate.alias and not self._is_anybody_behind(candidate.alias, now):
                empty.append(candidate)  # comes last all the same, for the reasons of those behind it
                continue
            standing = WELL if candidate.alias else self._standing_in_tier(candidate, now, met)
            if standing is None:
                continue
            if standing.is_probe and self._may_still_fail_over:
                probes.append(candidate)
                continue
            weight = max(1, round(candidate.weight * WHOLE_WEIGHT * standing.share))
            choices.append(Lighter(id=candidate.id, weight=weight, candidate=candidate))
        ordered = [choice.candidate for choice in self._drawn(choices, selector, now)] if choices else []
        # One probe for a request, and only for one that has lost no time yet.
        if probes and self.tries == 0:
            return [probes[0], *ordered, *probes[1:], *empty]
        return ordered + probes + empty

    def _drawn(self, choices: list[Lighter], name: str, now: float) -> list[Lighter]:
        selector = SELECTORS[name]
        if self.session and name in WEIGHT_DRIVEN:
            ordered = stickiness.order(choices, self.session)
        else:
            candidates = [choice.candidate for choice in choices]
            vitals = self._vitals(candidates, now) if selector.reads_vitals else NO_VITALS
            ordered = selector.order(choices, vitals, self.draw)
        if self.remembered:
            ordered.sort(key=lambda choice: not self._leads_to(choice.candidate, self.remembered))
        return ordered

    @property
    def _may_still_fail_over(self) -> bool:
        return self.route.max_attempts > 1

    def _standing_in_tier(self, candidate: Candidate, now: float, met: set[str]) -> Standing | None:
        """None: it is out, or was met already."""
        upstream = self.table.upstreams[candidate.upstream]
        if upstream.key in met or upstream.key in self.outs:
            return None
        standing = self.standing_of(upstream, now)
        if standing.ok:
            return standing
        self._leave_out_for_health(upstream, standing, is_fallback=bool(candidate.conditions))
        return None

    def _vitals(self, able: Sequence[Candidate], now: float) -> VitalsByID:
        return vitals_of(able, self.table, self.health, now, self.estimate)

    def _leads_to(self, candidate: Candidate, key: str) -> bool:
        if not candidate.alias:
            return self.table.upstreams[candidate.upstream].key == key
        everybody = behind(self.table, self.table.routes[candidate.alias], self.is_able)
        return any(reached.upstream.key == key for reached in everybody)

    # Those left out

    def _leave_out_for_health(self, upstream: Upstream, standing: Standing, *, is_fallback: bool = False) -> None:
        """It counts as failed for the conditions of others, unless it is a fallback itself: those come after who failed."""
        self.outs[upstream.key] = standing
        if standing.condition is not None and not is_fallback:
            self.failed.append(str(standing.condition))
        self.left_out.append(leaving_out.unwell(upstream, standing))

    def _leave_waiting(self, waiting: Sequence[Candidate], met: set[str]) -> None:
        """Nothing has happened that these are for."""
        for candidate in waiting:
            upstream = None if candidate.alias else self.table.upstreams[candidate.upstream]
            if upstream is not None and upstream.key in met:
                continue
            key, name = (upstream.key, upstream.name) if upstream else (candidate.alias, candidate.alias)
            self.left_out.append(leaving_out.not_named(key, name, candidate.conditions, self.named_only))

    def _leave_out(self, candidate: Candidate, entered: set[str], met: set[str]) -> None:
        if candidate.alias:
            # No step comes of it, only the reasons of those behind it.
            list(self._through(self.table.routes[candidate.alias], entered, met))
            return
        upstream = self.table.upstreams[candidate.upstream]
        if reason := objection(upstream, self.needs):
            self.left_out.append(leaving_out.unable(upstream, reason))
        elif reason := self.unpayable(upstream):
            self.left_out.append(leaving_out.unpayable(upstream, reason))


def spoken_instead(left_out: Sequence[LeftOut]) -> list[str]:
    """The API types that would have been taken, where the request's own is all that is against everybody; else none."""
    if not all(one.speaks for one in left_out):
        return []
    return sorted({api_type for one in left_out for api_type in one.speaks})
