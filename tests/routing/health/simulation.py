"""Traffic over three upstreams on a clock of its own: minutes pass in seconds, and the same seed gives the same story.

The state machines are the real ones. Around them stands the least that a gateway needs: random by weight × share, a
probe first, at most three tries, the same upstream once more only where nobody else is left and its budget allows.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from providers.verdict import Verdict
from routing.health import Health, Standing, readmitted
from tests.routing.health.scenes import FAILURE, REFUSED, STALL, a_book

MOST_TRIES = 3
FIRST_BYTE_TIMEOUT_SECONDS = 60.0
PAUSE_SECONDS = (0.1, 0.5)
WEIGHTS = (1, 1, 1)


@dataclass(frozen=True, slots=True)
class Course:
    """How one try at one upstream goes, from when it was asked."""

    first_byte_after: float | None
    ends_after: float
    verdict: Verdict | None


Behaviour = Callable[[random.Random], Course]


def well(rng: random.Random) -> Course:
    first_byte_after = rng.lognormvariate(-1.2, 0.5)
    return Course(first_byte_after, first_byte_after + rng.uniform(0.1, 1.0), None)


def stalls(rng: random.Random) -> Course:
    return Course(None, FIRST_BYTE_TIMEOUT_SECONDS, STALL)


def is_20_s_late(rng: random.Random) -> Course:
    course = well(rng)
    return Course(20 + (course.first_byte_after or 0), 20 + course.ends_after, None)


def fails_half_the_time(rng: random.Random) -> Course:
    return fails(rng) if rng.random() < 0.5 else well(rng)


def fails(rng: random.Random) -> Course:
    return Course(None, 0.05, FAILURE)


def is_dead(rng: random.Random) -> Course:
    return Course(None, 0.001, REFUSED)


@dataclass(frozen=True, slots=True)
class Try:
    at: float
    place: int


@dataclass(slots=True)
class Request:
    at: float
    tried: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Story:
    """What happened."""

    tries: list[Try] = field(default_factory=list)
    requests: list[float] = field(default_factory=list)
    failed: list[float] = field(default_factory=list)

    def share(self, place: int, since: float, until: float) -> float:
        """Of all tries begun in that time, how many went to one upstream."""
        places = [one.place for one in self.tries if since <= one.at < until]
        return places.count(place) / len(places)

    def tries_per_request(self, since: float, until: float) -> float:
        tries = sum(since <= one.at < until for one in self.tries)
        return tries / sum(since <= at < until for at in self.requests)


class Simulation:
    """Run it once. `behaviours` says how the upstream at a place behaves at a moment."""

    def __init__(self, seed: int, rate: float, behaviour_of: Callable[[int, float], Behaviour]) -> None:
        self.rng = random.Random(seed)
        self.rate = rate
        self.behaviour_of = behaviour_of
        book = a_book(upstream_cap=100_000, provider_cap=100_000)
        self.healths = [book.of(f"provider{place}/model") for place in range(len(WEIGHTS))]
        self.story = Story()
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._serial = 0

    def run(self, seconds: float) -> Story:
        for at in self._arrivals(seconds):
            self._at(at, self._arrive)
        while self._events:
            now, _, happen = heapq.heappop(self._events)
            if now > seconds:
                break
            happen(now)
        return self.story

    def _arrivals(self, seconds: float) -> Iterator[float]:
        now = 0.0
        while (now := now + self.rng.expovariate(self.rate)) < seconds:
            yield now

    def _at(self, when: float, happen: Callable[[float], None]) -> None:
        self._serial += 1
        heapq.heappush(self._events, (when, self._serial, happen))

    def _arrive(self, now: float) -> None:
        self.story.requests.append(now)
        self._try_next(Request(at=now), now)

    def _try_next(self, request: Request, now: float) -> None:
        if len(request.tried) < MOST_TRIES and (place := self._choose(request, now)) is not None:
            self._try(request, place, now)
        elif not self._try_again(request, now):
            self.story.failed.append(request.at)

    def _choose(self, request: Request, now: float) -> int | None:
        standings = [health.standing(now) for health in self.healths]
        back = [] if all(one.ok for one in standings) else readmitted(standings, WEIGHTS)
        left = [place for place in range(len(standings)) if place not in request.tried]
        if probes := [place for place in left if standings[place].is_probe]:
            return probes[0]
        able = [place for place in left if standings[place].ok or place in back]
        if not able:
            return None
        return self.rng.choices(able, [self._weight(place, standings[place]) for place in able])[0]

    @staticmethod
    def _weight(place: int, standing: Standing) -> float:
        return WEIGHTS[place] * standing.share

    def _try(self, request: Request, place: int, now: float, after: Callable[[], None] | None = None) -> None:
        request.tried.append(place)
        health = self.healths[place]
        course = self.behaviour_of(place, now)(self.rng)
        ticket = health.begin(now)
        self.story.tries.append(Try(now, place))
        if course.first_byte_after is not None:
            self._at(now + course.first_byte_after, ticket.first_byte)

        def end(then: float) -> None:
            ticket.end(then, course.verdict, tokens=100)
            if after is not None:
                after()
            if course.verdict is not None:
                self._try_next(request, then)

        self._at(now + course.ends_after, end)

    def _try_again(self, request: Request, now: float) -> bool:
        """The last one tried, if its breaker is closed: an open one is not worth a second try."""
        if not request.tried or request.tried.count(request.tried[-1]) > 1 or len(request.tried) >= MOST_TRIES:
            return False
        health: Health = self.healths[request.tried[-1]]
        if not health.standing(now).ok or not health.budget.take(now):
            return False
        pause = self.rng.uniform(*PAUSE_SECONDS)
        self._at(now + pause, lambda then: self._try(request, request.tried[-1], then, health.budget.give_back))
        return True
