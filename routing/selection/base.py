"""What a selector is: a pure function from those that may take a request to the *order* in which they are asked."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar


class Choosable(Protocol):
    """What a selector may look at."""

    @property
    def id(self) -> int: ...

    @property
    def weight(self) -> int:
        """Share of first places. At least 1."""


Choice = TypeVar("Choice", bound=Choosable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What was measured lately about one of those that may be chosen."""

    in_flight: int = 0


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
    chances: Callable[[Sequence[Choosable]], list[float]]
    """For each choice, how often it comes first, in the long run. Sums to 1."""
