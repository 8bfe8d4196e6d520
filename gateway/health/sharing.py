"""Once a second, beside the requests: hear what the other processes tell of upstreams, and tell them what we know.

Hearing comes first, so that what was cleared elsewhere is not told once more by us. All that blocks runs in one thread of its
own; the event loop spends some microseconds per upstream that was ever asked and next to nothing for the others, and lets
requests have their turn after every few hundred.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from gateway.health.letters import Sheet, Shown, Word
from gateway.health.trails import Trails
from routing.health import Health, HealthBook
from routing.health.book import in_flight_at, news_of
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
        word, sheet = await self._word(), await self._look()
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

    async def _word(self) -> Word:
        news = self._book.news_of_credentials(self._now().monotonic)
        in_flight: dict[str, int] = {}
        async for some in self._parts():
            news += news_of(some, self._now().monotonic)
            in_flight |= in_flight_at(some)
        return Word(news=news, in_flight=in_flight)

    async def _look(self) -> Sheet:
        shown: list[Shown] = []
        async for some in self._parts():
            now = self._now()
            self._trails.look(some, now.epoch)
            told = [health.as_told(now.monotonic) for health in some if not health.is_untouched]
            shown += [Shown(told=one, trail=self._trails.of(one.key)) for one in told if is_worth_showing(one)]
        self._trails.keep_only(self._book.keys)
        return Sheet(upstreams=most_notable(shown))

    async def _parts(self) -> AsyncIterator[Sequence[Health]]:
        """All upstreams as of now, with a turn of the event loop after each part."""
        rest = iter(list(self._book))
        while some := list(islice(rest, AT_A_TIME)):
            yield some
            await asyncio.sleep(0)

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
