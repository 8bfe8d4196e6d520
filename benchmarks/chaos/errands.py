"""What clients ask for: a mixture drawn from a seed. What the upstream shall do stands in the prompt.

The length of a body is its mark: each body of one key and one model is a byte longer than the one before.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypedDict

from benchmarks.chaos.evidence import Errand

SHORTEST_BODY_BYTES = 400
WORD = "chaos"
"""How a prompt of ours begins: `chaos 17 stream 5 40`, number and what the upstream shall do."""
ALL, OTHER, NARROW, NOBODY = "chaos one", "chaos two", "chaos narrow", ""
KEYS = (ALL, OTHER)
"""Those that may ask for everything. NARROW may ask for `steady` alone; NOBODY is a key that was never made."""
PRICES = {"small": (Decimal(1), Decimal(2)), "large": (Decimal(3), Decimal(6))}
"""Model -> US dollars per million tokens, in and out."""
FAILURES = (500, 503, 429, 400)


class Used(TypedDict):
    """Tokens."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An errand with what its client does."""

    errand: Errand
    body: bytes
    streams: bool
    leaves_after_seconds: float | None = None
    """When its client goes away, whatever has come; None: it stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An order before it has a number and a length."""

    model: str
    script: str
    streams: bool = False
    key: str = ""
    """Empty: one of KEYS."""
    is_nobodys: bool = False
    is_readable: bool = True
    leaves_after_seconds: float | None = None


Draw = Callable[[random.Random], Wish]


def orders(rng: random.Random, mixture: Sequence[tuple[int, Draw]]) -> Iterator[Order]:
    """Without end. The same seed draws the same ones."""
    weights, draws = [weight for weight, _ in mixture], [draw for _, draw in mixture]
    sent: Counter[tuple[str, str]] = Counter()
    number = 0
    while True:
        number += 1
        wish = rng.choices(draws, weights)[0](rng)
        key = NOBODY if wish.is_nobodys else wish.key or rng.choice(KEYS)
        model = wish.model if wish.is_readable else ""
        size = SHORTEST_BODY_BYTES + sent[key, model]
        sent[key, model] += 1
        yield Order(
            errand=Errand(number=number, key=key, model=model, size=size, **usage_of(number)),
            body=body_of(wish, number, size),
            streams=wish.streams,
            leaves_after_seconds=wish.leaves_after_seconds,
        )


def usage_of(number: int) -> Used:
    """What the upstream says that an errand used: something else for each neighbour."""
    return {"input_tokens": 10 + number % 97, "output_tokens": 1 + number % 41}


def body_of(wish: Wish, number: int, size: int) -> bytes:
    """A request for it, of `size` bytes."""
    if not wish.is_readable:
        return b"{" + b"x" * (size - 1)
    empty = len(_encoded(wish, number, 0))
    return _encoded(wish, number, size - empty)


def _encoded(wish: Wish, number: int, padding: int) -> bytes:
    prompt = f"{WORD} {number} {wish.script} {'x' * padding}"
    body = {"model": wish.model, "stream": wish.streams, "messages": [{"role": "user", "content": prompt}]}
    return json.dumps(body).encode()


# What may be asked for. `whole MS`, `stream CHUNKS MS`, `status CODE`, `cut CHUNKS MS`, `hangup MS` and `garbage` are the
# upstream's words: see witness.py.


def whole(rng: random.Random) -> Wish:
    return Wish(model="steady", script=f"whole {rng.randint(0, 80)}")


def slow(rng: random.Random) -> Wish:
    return Wish(model="steady", script=f"whole {rng.randint(200, 1500)}")


def stream(rng: random.Random) -> Wish:
    return Wish(model="steady", script=f"stream {rng.randint(3, 12)} {rng.randint(10, 120)}", streams=True)


def by_second_choice(rng: random.Random) -> Wish:
    """Its first target cannot be connected to."""
    return Wish(model="second", script=f"whole {rng.randint(0, 80)}")


def failing(rng: random.Random) -> Wish:
    return Wish(model="shaky", script=f"status {rng.choice(FAILURES)}")


def breaking(rng: random.Random) -> Wish:
    return Wish(model="shaky", script=f"cut {rng.randint(0, 6)} {rng.randint(5, 60)}", streams=True)


def answerless(rng: random.Random) -> Wish:
    return Wish(model="shaky", script=rng.choice([f"hangup {rng.randint(0, 100)}", "garbage"]))


def left(rng: random.Random) -> Wish:
    """Its client goes before the answer is there, or while it comes."""
    after = rng.uniform(0.005, 0.6)
    if rng.random() < 0.5:
        return Wish(model="steady", script="whole 700", leaves_after_seconds=after)
    return Wish(model="steady", script="stream 20 40", streams=True, leaves_after_seconds=after)


def refused(rng: random.Random) -> Wish:
    """We say no: an unknown name, one that the key may not use, no JSON, an unknown key."""
    return rng.choice(
        [
            Wish(model="nobody-has-this", script="whole 0"),
            Wish(model="second", script="whole 0", key=NARROW),
            Wish(model="steady", script="whole 0", is_readable=False),
            Wish(model="steady", script="whole 0", is_nobodys=True),
        ]
    )


def prompt(rng: random.Random) -> Wish:
    return Wish(model="steady", script="whole 0")


def brisk_stream(rng: random.Random) -> Wish:
    return Wish(model="steady", script="stream 5 20", streams=True)


MIXED: Sequence[tuple[int, Draw]] = (
    *((38, whole), (12, slow), (17, stream), (8, by_second_choice), (6, failing), (4, breaking), (3, answerless)),
    *((8, left), (4, refused)),
)
"""Parts of a hundred."""
CALM: Sequence[tuple[int, Draw]] = ((80, prompt), (20, brisk_stream))
"""Of which none fails."""
