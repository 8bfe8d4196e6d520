"""Rules over several rows of configuration, as pure functions: percentages and circles."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)


def wrong_percentages(weights_by_tier: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """The tiers whose weights do not sum to 100, with their sums."""
    sums = {tier: sum(weights) for tier, weights in weights_by_tier.items()}
    return {tier: total for tier, total in sums.items() if total != 100}


def circle_through(start: Node, next_of: Callable[[Node], Iterable[Node]]) -> list[Node] | None:
    """The way from `start` back to itself, both ends included, or None. Any length, each node visited once."""
    path: list[Node] = [start]
    branches = [iter(next_of(start))]
    seen: set[Node] = set()
    while branches:
        for node in branches[-1]:
            if node == start:
                return [*path, start]
            if node not in seen:
                seen.add(node)
                path.append(node)
                branches.append(iter(next_of(node)))
                break
        else:
            branches.pop()
            path.pop()
    return None


def longest_way(start: Node, next_of: Callable[[Node], Iterable[Node]], *, most: int) -> int:
    """How many links the longest way from `start` has; `most` when it has more, or goes in circles."""
    known: dict[Node, tuple[Node, ...]] = {}
    here = {start}
    for links in range(most):
        known |= {node: tuple(next_of(node)) for node in here if node not in known}
        here = {following for node in here for following in known[node]}
        if not here:
            return links
    return most
