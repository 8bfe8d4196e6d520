"""The furnished site on a bad day: upstreams that are open, resting, full and coming back, as two processes see them."""

import asyncio
import random
import time
from collections.abc import Sequence

from gateway import runtime
from gateway.health.letters import Sheet, Shown, Trail, Word
from gateway.health.store import post_of_settings
from gateway.health.trails import SPAN_SECONDS, SPANS
from providers.errors import Condition
from providers.verdict import Harm
from routing.health import Health, HealthBook
from tests.routing.health.scenes import FAILURE, a_verdict, ask

BUSY = {"openai/gpt-4o-mini": 7, "anthropic/claude-haiku-4-5": 2, "openai/gpt-4o": 0}
"""Upstream -> requests in flight."""
LIMITED = a_verdict(Harm.REST, Condition.RATE_LIMITED, rest_seconds=40.0, rest_cap_seconds=40.0)
PATIENCE_SECONDS = 5.0


def make_unwell() -> None:
    """In the gateway of this process, and in another one that is made up. For five seconds at least."""
    present = runtime.current()

    async def spoil_here() -> None:
        spoil(present.health, time.monotonic())
        await present.sharing.exchange()

    asyncio.run_coroutine_threadsafe(spoil_here(), present.loop).result(PATIENCE_SECONDS)
    elsewhere = HealthBook(random.Random(2))
    spoil(elsewhere, time.monotonic())
    post_of_settings().lay("made-up", Word(in_flight=elsewhere.in_flight()), sheet_of(list(elsewhere)))


def spoil(book: HealthBook, now: float) -> None:
    for key, in_flight in BUSY.items():
        work(book.of(key), now, answers=40)
        for _ in range(in_flight - book.of(key).in_flight):
            book.of(key).begin(now)
    for key, verdict in {
        "groq/llama-3.3-70b-versatile": FAILURE,
        "mistral/mistral-small-latest": LIMITED,
        "ollama/qwen3:32b": FAILURE,
        "openai/gpt-4.1": FAILURE,
        "anthropic/claude-sonnet-4-5": None,
    }.items():
        work(book.of(key), now, answers=9)
        for _ in range(3):
            ask(book.of(key), now, verdict, takes=0.0)
    come_back(book.of("ollama/qwen3:32b"), now)


def work(health: Health, now: float, answers: int) -> None:
    for place in range(answers):
        ask(health, now - answers + place, takes=0.6, tokens=55)


def come_back(health: Health, now: float) -> None:
    health.breaker.until = now
    for _ in range(2):
        ask(health, now, takes=0.0)


def sheet_of(healths: Sequence[Health]) -> Sheet:
    last = int(time.time() // SPAN_SECONDS)
    rng = random.Random(7)
    now = time.monotonic()
    return Sheet(
        upstreams=[
            Shown(told=told, trail=a_trail(rng, last, told.bad)) for told in (each.as_told(now) for each in healths)
        ]
    )


def a_trail(rng: random.Random, last: int, failures: int) -> Trail:
    good = tuple(rng.randint(4, 30) for _ in range(SPANS))
    bad = tuple(rng.randint(0, 12) if failures and place > SPANS - 8 else 0 for place in range(SPANS))
    return Trail(first=last - SPANS + 1, good=good, bad=bad)
