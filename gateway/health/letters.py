"""What a process writes for the others: a Word for their minds, each second, and a Sheet for pages that people look at.

Plain values, which the parent of the workers may import before Django is set up; sealed.py makes signed text of them.
"""

from collections.abc import Sequence

import msgspec

from routing.health.news import News
from routing.health.told import Told


class Word(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the others should know to choose well."""

    news: Sequence[News] = ()
    in_flight: dict[str, int] = {}
    """Upstream key -> requests in flight from this process."""

    @property
    def is_empty(self) -> bool:
        return not (self.news or self.in_flight)


class Trail(msgspec.Struct, frozen=True, array_like=True):
    """Answers and failures of the last minutes."""

    first: int = 0
    """The number of the first span, counted since the epoch: so the trails of several processes can be laid together."""
    good: tuple[int, ...] = ()
    bad: tuple[int, ...] = ()
    """As many as `good`."""


class Shown(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One upstream, as one process sees it."""

    told: Told
    trail: Trail = Trail()


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """All that one process can show: the upstreams that it has lately had to do with."""

    upstreams: Sequence[Shown] = ()

    @property
    def is_empty(self) -> bool:
        return not self.upstreams
