"""The selectors. One file each; a new one is a line in SELECTORS."""

from routing.selection import at_random, in_order, round_robin
from routing.selection.base import Draw, Selector, Vitals, VitalsByID

__all__ = ["SELECTORS", "Draw", "Selector", "Vitals", "VitalsByID", "choices"]

SELECTORS: dict[str, Selector] = {
    "random": Selector(label="random, by weight", order=at_random.order, chances=at_random.chances),
    "in_order": Selector(label="in order", order=in_order.order, chances=in_order.chances),
    "round_robin": Selector(label="round robin, by weight", order=round_robin.order, chances=round_robin.chances),
}


def choices() -> list[tuple[str, str]]:
    """For a model field: a new selector needs no migration."""
    return [(name, selector.label) for name, selector in SELECTORS.items()]
