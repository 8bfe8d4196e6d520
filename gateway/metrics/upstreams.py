"""What /metrics tells of each upstream. Keys come from the configuration alone, and a sheet holds only so many of them."""

from collections.abc import Mapping, Sequence

import msgspec

from gateway.health.letters import Sheet
from routing.health.told import Told

MOST_UPSTREAMS = 2_000


class UpstreamFigures(msgspec.Struct, array_like=True):
    """Of one upstream, in one process or in several together."""

    standing: float = 1.0
    """The share of its weight that it gets: 1 well, 0 left alone, between: a slow start. Of several processes the least."""
    in_flight: int = 0
    opened: int = 0
    rests: int = 0


def figures_of(sheet: Sheet) -> dict[str, UpstreamFigures]:
    """By key: what a process shows of the upstreams that it has lately had to do with."""
    return {one.told.key: _figures(one.told) for one in sheet.upstreams}


def _figures(told: Told) -> UpstreamFigures:
    standing = told.standing.share if told.standing.ok and not told.standing.is_probe else 0.0
    return UpstreamFigures(
        standing=round(standing, 2), in_flight=told.in_flight, opened=told.opened_total, rests=told.rests_total
    )


def all_figures(each: Sequence[tuple[Mapping[str, UpstreamFigures], bool]]) -> dict[str, UpstreamFigures]:
    """Of several processes, each with whether it lives: of a dead one only what was counted stays."""
    together: dict[str, UpstreamFigures] = {}
    for figures, is_alive in each:
        for key, one in figures.items():
            if key not in together and len(together) >= MOST_UPSTREAMS:
                continue
            sums = together.setdefault(key, UpstreamFigures())
            sums.opened += one.opened
            sums.rests += one.rests
            if is_alive:
                sums.standing = min(sums.standing, one.standing)
                sums.in_flight += one.in_flight
    return together


def labels_of(key: str) -> list[str]:
    """Provider, model, and the address where the target has one of its own; as routing.table.address_key put them together."""
    name, _, address = key.partition(" at ")
    provider, _, model = name.partition("/")
    return [provider, model, address]
