"""Once a second, beside the requests: hear what the other processes tell of upstreams, and tell them what we know.

Hearing comes first, so that what was cleared elsewhere is not told once more by us. All that blocks runs in one thread of its
own; the event loop spends some microseconds per upstream, a few hundred upstreams at a time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from gateway.health.letters import Sheet, Shown, Word
from gateway.health.trails import Trails
from routing.health import Health, HealthBook
from routing.health.told import Told

if TYPE_CHECKING:
    from gateway.draft import Moment
    from gateway.health.store import Post

logger = logging.getLogger(__name__)
Result = TypeVar("Result")
TELL_EVERY_SECONDS = 1.0
SILENCE_SECONDS = 5.0
"""After so long without hearing anything, what was in flight elsewhere is not counted on any more."""
AT_A_TIME = 200
"""Upstreams that are looked at before requests have their turn: about a millisecond."""
MOST_SHOWN = 2_000
LEAST_SAMPLES = 0.01
"""Fewer: nobody has asked it for some seven minutes, and it is shown no more."""


class Sharing:
    """Of one process, on its event loop."""

    def __init__(self, book: HealthBook, post: Post, teller: str, now: Callable[[], Moment]) -> None:
        self._book = book
        self._post = post
        self.teller = teller
        self._now = now
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="health")
        self._trails = Trails()
        self._heard_at = now().monotonic
        self._has_news = asyncio.Event()
        self.sheet = Sheet()
        """What this process shows, as of the last second."""

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            self._has_news.clear()
            try:
                await self.exchange()
            except Exception:
                logger.exception("Health is not shared for a moment")
            await self._pause()

    async def exchange(self) -> None:
        """Hear, then tell, once."""
        self._hear(await self._blocking(lambda: self._post.words(but_of=self.teller)))
        word, sheet = self._word(), await self._look()
        self.sheet = sheet
        await self._blocking(lambda: self._post.lay(self.teller, word, sheet))

    async def clear(self, upstream_keys: Iterable[str]) -> None:
        """An operator says that these are well. The others are told at once, and hear it within a second."""
        self._book.clear(upstream_keys, self._now().monotonic)
        self._has_news.set()
        self.sheet = await self._look()

    async def end(self) -> None:
        """Take back what we told: our requests are over."""
        await self._blocking(lambda: self._post.take_away(self.teller))
        self._thread.shutdown(wait=False)

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(TELL_EVERY_SECONDS):
                await self._has_news.wait()
        except TimeoutError:
            pass

    def _hear(self, words: Mapping[str, Word] | None) -> None:
        now = self._now().monotonic
        if words is None:
            if now - self._heard_at > SILENCE_SECONDS:
                self._book.heard_in_flight({})
            return
        self._heard_at = now
        self._book.heard({teller: word.news for teller, word in words.items()}, now)
        self._book.heard_in_flight(summed(words.values()))

    def _word(self) -> Word:
        return Word(news=self._book.news(self._now().monotonic), in_flight=self._book.in_flight())

    async def _look(self) -> Sheet:
        shown: list[Shown] = []
        healths = list(self._book)
        self._trails.look(healths, self._now().epoch)
        for some in _parts(healths, AT_A_TIME):
            now = self._now().monotonic
            told = [health.as_told(now) for health in some]
            shown += [Shown(told=one, trail=self._trails.of(one.key)) for one in told if is_worth_showing(one)]
            await asyncio.sleep(0)
        return Sheet(upstreams=most_notable(shown))

    async def _blocking(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def summed(words: Iterable[Word]) -> dict[str, int]:
    """Upstream key -> requests in flight, over all that tell."""
    sums: dict[str, int] = {}
    for word in words:
        for key, number in word.in_flight.items():
            sums[key] = sums.get(key, 0) + number
    return sums


def is_worth_showing(told: Told) -> bool:
    """It was asked lately, or something is the matter."""
    return told.samples > LEAST_SAMPLES or bool(told.in_flight or told.used_requests) or not told.standing.is_well


def most_notable(shown: Sequence[Shown]) -> list[Shown]:
    """At most MOST_SHOWN: those that are not well first, then the busy ones."""
    if len(shown) <= MOST_SHOWN:
        return list(shown)
    return sorted(shown, key=lambda one: (one.told.standing.is_well, -one.told.in_flight, -one.told.samples))[
        :MOST_SHOWN
    ]


def _parts(healths: Sequence[Health], size: int) -> Iterable[Sequence[Health]]:
    rest = iter(healths)
    while part := list(islice(rest, size)):
        yield part
