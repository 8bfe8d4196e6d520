"""The weights of deployments behind one name, as LiteLLM's simple-shuffle chooses among them -> ours, whole numbers.

By `weight` where anybody has one, else by `rpm`, else by `tpm`, else evenly.
Source: litellm/router_strategy/simple_shuffle.py of BerriAI/litellm
"""

from collections.abc import Sequence
from typing import Final

_MOST: Final = 1_000_000
_FINE: Final = 1000
"""The largest weight, where they have to be made whole."""

Shares = tuple[float | None, float | None, float | None]


def whole_weights(shares: Sequence[Shares]) -> list[int | None]:
    """A weight for each: None where nobody has any, 0 for whom no request is meant."""
    for column in zip(*shares, strict=True):
        numbers = [number or 0 for number in column]
        if max(numbers, default=0) > 0:
            return [*_whole(numbers)]
    return [None] * len(shares)


def _whole(numbers: Sequence[float]) -> list[int]:
    largest = max(numbers)
    if largest <= _MOST and all(number == int(number) for number in numbers):
        return [int(number) for number in numbers]
    return [max(1, round(number / largest * _FINE)) if number > 0 else 0 for number in numbers]
