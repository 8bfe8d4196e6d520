"""What a selector is: a pure function from those that may take a request to the *order* in which they are asked."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import msgspec


class Choosable(Protocol):
    """What a selector may look at."""

    @property
    def id(self) -> int: ...

    @property
    def weight(self) -> int:
        """Share of first places. At least 1."""


Choice = TypeVar("Choice", bound=Choosable)


class Vitals(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What is known of one of those that may be chosen. None: nobody knows yet. Failures are in none of the means."""

    in_flight: int = 0
    """Requests that are with it now, those of other processes included."""
    samples: float = 0.0
    """How many answers the means stand on; old ones count less and less."""
    first_byte_ms: float | None = None
    """Exponentially weighted mean of the time to the first token."""
    tokens_per_second: float | None = None
    """Exponentially weighted mean of the speed of output, from the beginning of the request to the end of the answer."""
    cost_usd: float | None = None
    """What this very request would cost there, about."""
    used: float = 0.0
    """Tokens of the last minute, in and out."""


UNKNOWN = Vitals()
VitalsByID = Mapping[int, Vitals]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """All the chance and all the memory in a choice, so that a test can repeat it."""

    rng: random.Random
    credit: dict[int, int] = field(default_factory=dict)
    """For taking turns: how much each choice has been owed so far, by id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """How one selector is called, shown and explained."""

    label: str
    order: Callable[[Sequence[Choice], VitalsByID, Draw], list[Choice]]
    """The order in which the choices are asked. The same choices, each once."""
    chances: Callable[[Sequence[Choosable], VitalsByID], list[float]]
    """For each choice, how often it comes first while the vitals stay as they are. Sums to 1."""
    reads_vitals: bool = True
    """False: nobody need look them up."""
