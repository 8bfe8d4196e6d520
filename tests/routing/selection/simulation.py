"""Requests that arrive by chance at five targets, on a clock of their own: what a selector makes of it.

The means are those that a gateway keeps: exponentially weighted by time, over answers that were good.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from routing.selection import SELECTORS, Draw, Vitals
from tests.routing.selection.chance import Choice, seeded

HALF_LIFE_SECONDS = 20.0
TOKENS = 200


@dataclass(slots=True, kw_only=True)
class Simulated:
    """One target: how it behaves, and what was seen of it."""

    first_byte_ms: float
    tokens_per_second: float = 100.0
    fails: bool = False
    in_flight: int = 0
    samples: float = 0.0
    mean_first_byte_ms: float = 0.0
    mean_speed: float = 0.0
    measured_at: float = 0.0
    used: list[tuple[float, int]] = field(default_factory=list)

    def seconds(self) -> float:
        return 0.001 if self.fails else self.first_byte_ms / 1000 + TOKENS / self.tokens_per_second

    def measure(self, now: float) -> None:
        if self.fails:
            return
        kept = 0.5 ** ((now - self.measured_at) / HALF_LIFE_SECONDS) * self.samples
        self.samples, self.measured_at = kept + 1, now
        self.mean_first_byte_ms += (self.first_byte_ms - self.mean_first_byte_ms) / self.samples
        self.mean_speed += (self.tokens_per_second - self.mean_speed) / self.samples
        self.used.append((now, TOKENS))

    def vitals(self, now: float) -> Vitals:
        self.used = [(at, tokens) for at, tokens in self.used if now - at < 60]
        return Vitals(
            in_flight=self.in_flight,
            samples=self.samples,
            first_byte_ms=self.mean_first_byte_ms if self.samples else None,
            tokens_per_second=self.mean_speed if self.samples else None,
            used=sum(tokens for _, tokens in self.used),
        )


@dataclass(slots=True, kw_only=True)
class Simulation:
    """Call `run` for the next stretch of time."""

    selector: str
    targets: Mapping[int, Simulated]
    weights: Mapping[int, int] = field(default_factory=dict)
    per_second: float = 20.0
    draw: Draw = field(default_factory=lambda: Draw(rng=seeded()))
    now: float = 0.0
    most_in_flight: Counter[int] = field(default_factory=Counter)
    _ends: list[tuple[float, int]] = field(default_factory=list)

    def run(self, seconds: float, *, meanwhile: Callable[[], None] = lambda: None) -> Counter[int]:
        """How often each target came first."""
        asked: Counter[int] = Counter()
        until = self.now + seconds
        while self.now < until:
            self.now += self.draw.rng.expovariate(self.per_second)
            self._end_those_that_are_over()
            meanwhile()
            asked[self._ask()] += 1
        return asked

    def _end_those_that_are_over(self) -> None:
        while self._ends and self._ends[0][0] <= self.now:
            at, id = heapq.heappop(self._ends)
            self.targets[id].in_flight -= 1
            self.targets[id].measure(at)

    def _ask(self) -> int:
        choices = [Choice(id=id, weight=self.weights.get(id, 1)) for id in self.targets]
        vitals = {id: target.vitals(self.now) for id, target in self.targets.items()}
        first = SELECTORS[self.selector].order(choices, vitals, self.draw)[0].id
        target = self.targets[first]
        target.in_flight += 1
        self.most_in_flight[first] = max(self.most_in_flight[first], target.in_flight)
        heapq.heappush(self._ends, (self.now + target.seconds(), first))
        return first


def share(asked: Counter[int], id: int) -> float:
    return asked[id] / asked.total()
