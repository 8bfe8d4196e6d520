"""Connections between two requests, by origin."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from providers.client.link import Link
from providers.client.request import Origin

KEEP_ALIVE_SECONDS = 30.0


class Pool:
    """The one used last is taken first, so that those too many grow old and are closed."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        # Dictionaries as ordered sets: those idle longest stand first.
        self._idle: defaultdict[Origin, dict[Link, None]] = defaultdict(dict)
        self._sweeping: asyncio.TimerHandle | None = None
        self._is_closed = False

    def __len__(self) -> int:
        return sum(map(len, self._idle.values()))

    def take(self, origin: Origin) -> Link | None:
        """A connection that was used before and may be used again, if there is any."""
        links = self._idle.get(origin)
        while links:
            link = links.popitem()[0]
            link.is_idle = False
            if link.is_fit and self._loop.time() - link.idle_since <= KEEP_ALIVE_SECONDS:
                return link
            link.drop()
        return None

    def give(self, link: Link) -> None:
        """Keep it for the next request, unless it has had its last."""
        if self._is_closed or not link.is_fit:
            link.close()
            return
        link.is_idle = True
        link.idle_since = self._loop.time()
        self._idle[link.origin][link] = None
        if self._sweeping is None:
            self._sweeping = self._loop.call_later(KEEP_ALIVE_SECONDS, self._sweep)

    def forget(self, origin: Origin) -> None:
        """Drop all that lead there: what has happened to one has likely happened to the others."""
        for link in self._idle.pop(origin, ()):
            link.drop()

    def close(self) -> None:
        """Keep none any more. Those that are here are the connector's to close."""
        self._is_closed = True
        self._idle.clear()
        if self._sweeping is not None:
            self._sweeping.cancel()

    def _sweep(self) -> None:
        """Close what has been idle for too long."""
        self._sweeping = None
        oldest = self._loop.time() - KEEP_ALIVE_SECONDS
        for origin, links in list(self._idle.items()):
            for link in [link for link in links if link.idle_since <= oldest or not link.is_fit]:
                del links[link]
                link.close()
            if not links:
                del self._idle[origin]
        if self._idle:
            self._sweeping = self._loop.call_later(KEEP_ALIVE_SECONDS, self._sweep)
