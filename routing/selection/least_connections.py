"""Whoever has the fewest requests in flight for its weight: (in flight + 1) / weight, lowest first, equals by weight.

The one more is the request at hand, so that weights count while all are idle. No exploration is needed: a count is always known.
Slow upstreams keep their requests longer and so get fewer, without anybody measuring time.
Source: HAProxy, "balance leastconn"; nginx, "least_conn".
"""

from collections.abc import Sequence

from routing.selection import lowest_first
from routing.selection.base import UNKNOWN, Choice, Choosable, Draw, VitalsByID


def order(choices: Sequence[Choice], vitals: VitalsByID, draw: Draw) -> list[Choice]:
    """The idlest first."""
    return lowest_first.order(choices, lambda choice: _load(choice, vitals), draw)


def chances(choices: Sequence[Choosable], vitals: VitalsByID) -> list[float]:
    """Who is idlest now comes first for certain; equals share by weight."""
    return lowest_first.chances(choices, lambda choice: _load(choice, vitals))


def _load(choice: Choosable, vitals: VitalsByID) -> float:
    return (vitals.get(choice.id, UNKNOWN).in_flight + 1) / choice.weight
