"""The selectors. One file each; a new one is a line in SELECTORS."""

from routing.selection import (
    at_random,
    cheapest,
    fastest_first_token,
    fastest_output,
    in_order,
    least_connections,
    least_used,
    round_robin,
)
from routing.selection.base import UNKNOWN, Draw, Selector, Vitals, VitalsByID

__all__ = ["SELECTORS", "UNKNOWN", "Draw", "Selector", "Vitals", "VitalsByID", "choices"]

SELECTORS: dict[str, Selector] = {
    "random": Selector(label="random, by weight", order=at_random.order, chances=at_random.chances, reads_vitals=False),
    "in_order": Selector(label="in order", order=in_order.order, chances=in_order.chances, reads_vitals=False),
    "round_robin": Selector(
        label="round robin, by weight", order=round_robin.order, chances=round_robin.chances, reads_vitals=False
    ),
    "least_connections": Selector(
        label="fewest requests in flight", order=least_connections.order, chances=least_connections.chances
    ),
    "latency": Selector(
        label="quickest first token", order=fastest_first_token.order, chances=fastest_first_token.chances
    ),
    "performance": Selector(
        label="most output tokens per second", order=fastest_output.order, chances=fastest_output.chances
    ),
    "cost": Selector(label="cheapest for the request", order=cheapest.order, chances=cheapest.chances),
    "usage": Selector(label="least used in the last minute", order=least_used.order, chances=least_used.chances),
}


def choices() -> list[tuple[str, str]]:
    """For a model field: a new selector needs no migration."""
    return [(name, selector.label) for name, selector in SELECTORS.items()]
