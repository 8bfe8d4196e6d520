"""What clients ask for: whole answers and streams, drawn from a seed. All of the same size, and none of them fails by itself."""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.chaos.errands import Order, Wish, body_of, usage_of
from benchmarks.chaos.evidence import Errand

ALIAS = "three"
KEY = "the benchmark"
BODY_BYTES = 600
STREAMS = 0.3
"""This share; the others are whole answers."""


def orders(rng: random.Random) -> Iterator[Order]:
    """Without end. The same seed draws the same ones."""
    number = 0
    while True:
        number += 1
        wish = _stream(rng) if rng.random() < STREAMS else _whole(rng)
        errand = Errand(number=number, key=KEY, model=ALIAS, size=BODY_BYTES, **usage_of(number))
        yield Order(errand=errand, body=body_of(wish, number, BODY_BYTES), streams=wish.streams)


def _whole(rng: random.Random) -> Wish:
    return Wish(model=ALIAS, script=f"whole {rng.randint(10, 60)}")


def _stream(rng: random.Random) -> Wish:
    return Wish(model=ALIAS, script=f"stream {rng.randint(4, 12)} {rng.randint(10, 40)}", streams=True)
