"""What a request is handed: the table, the keys, the client, the clock, the draw, the recorder. One per event loop."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError, close_old_connections

from gateway.access.keyring import KeyRing
from gateway.access.store import KEYS
from gateway.decision import in_one_line
from gateway.draft import Moment
from gateway.errors import NotReady
from gateway.prepared import Limits
from gateway.purse import Purse
from history.recorder import Recorder
from history.records import Exchange
from providers.client import UpstreamTransport, read_limited, upstream_request
from providers.models import vault
from providers.secrets import needed
from providers.timeouts import Timeouts
from routing.selection import Draw
from routing.store import TABLE
from routing.table import RoutingTable

logger = logging.getLogger(__name__)
STOP_SECONDS = 10.0
"""How long stopping waits for history to be written."""


class UpstreamResponse(Protocol):
    """What a request needs of a response: httpx's, with its body unread."""

    status_code: int
    stream: AsyncIterator[bytes]

    @property
    def headers(self) -> Mapping[str, str]: ...

    async def aclose(self) -> None: ...


class Runtime:
    """Everything that the requests of one process share."""

    def __init__(self, recorder: Recorder, *, seed: int | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        self.max_answer_bytes: int = settings.PLEXUS_MAX_ANSWER_BYTES
        self.draw = Draw(rng=random.Random(seed))
        self._recorder = recorder
        self._transport = UpstreamTransport(allowed=settings.PLEXUS_PRIVATE_UPSTREAMS)
        self._purse = purse_of(TABLE.current)
        self._follower = self.loop.create_task(self._follow(), name="configuration follower")

    # The present

    @property
    def purse(self) -> Purse:
        """The routing table of this moment, with credentials. A request takes it once and keeps it to its end.

        Raises NotReady before the first table is here.
        """
        if self._purse.table is not TABLE.current:
            self._purse = purse_of(TABLE.current)
        if self._purse.table.version < 0:
            raise NotReady()
        return self._purse

    @property
    def keys(self) -> KeyRing:
        """The client keys of this moment. Raises NotReady before the first ones are here."""
        keys = KEYS.current
        if keys.version < 0:
            raise NotReady()
        return keys

    def now(self) -> Moment:
        """Both clocks."""
        return moment()

    # The way out

    async def send(
        self, url: str, headers: Sequence[tuple[bytes, bytes]], body: bytes, timeouts: Timeouts
    ) -> UpstreamResponse:
        """Post to an upstream; return when the head of its answer is here. Raises UpstreamError."""
        request = upstream_request(url, headers, body, timeouts)
        response: UpstreamResponse = await self._transport.handle_async_request(request)  # type: ignore[assignment]
        return response

    async def read(self, response: UpstreamResponse, limit_bytes: int) -> bytes:
        """The whole body. Raises UpstreamError, AnswerTooLarge among them. The response is closed then."""
        return await read_limited(response, limit_bytes)  # type: ignore[arg-type]  # made by `send` above

    def record(self, exchange: Exchange) -> None:
        """Keep what happened. Synchronous: the client may be gone, and this task cancelled."""
        self._recorder.record(exchange)
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("%s", in_one_line(exchange))

    @property
    def recorded(self) -> int:
        """How many exchanges this process has recorded, and not had to drop."""
        return self._recorder.recorded - self._recorder.dropped

    # Life

    async def _follow(self) -> None:
        """Take over new configuration as it appears. Never during a request, and never on this thread."""
        while True:
            await asyncio.sleep(settings.PLEXUS_TABLE_POLL_SECONDS)
            try:
                await sync_to_async(catch_up, thread_sensitive=False)()
            except DatabaseError as exc:
                logger.warning("Configuration stays at version %d: %s", TABLE.current.version, exc)
            except Exception:
                logger.exception("Configuration stays at version %d", TABLE.current.version)

    async def aclose(self) -> None:
        """Close every connection to upstreams, and write the history that is still in memory."""
        self._follower.cancel()
        await asyncio.gather(self._follower, return_exceptions=True)
        await self._transport.aclose()
        await sync_to_async(self._recorder.stop, thread_sensitive=False)(STOP_SECONDS)


def moment() -> Moment:
    """Both clocks, also while the gateway is not running."""
    return Moment(epoch=time.time(), monotonic=time.monotonic())


def purse_of(table: RoutingTable) -> Purse:
    """The table with the credentials and deadlines of this process."""
    our_vault = vault()
    limits = Limits(
        connect_seconds=settings.PLEXUS_CONNECT_TIMEOUT_SECONDS,
        first_byte_seconds=settings.PLEXUS_FIRST_BYTE_TIMEOUT_SECONDS,
        idle_seconds=settings.PLEXUS_IDLE_TIMEOUT_SECONDS,
        answer_seconds=settings.PLEXUS_ANSWER_TIMEOUT_SECONDS,
        stream_seconds=settings.PLEXUS_STREAM_TIMEOUT_SECONDS,
    )
    return Purse(table=table, limits=limits, resolve=lambda auth, stored: needed(auth, stored, our_vault, os.environ))


def catch_up() -> None:
    """Take over the newest table and keys. Blocking. Raises DatabaseError."""
    close_old_connections()
    try:
        TABLE.catch_up()
        KEYS.catch_up()
    finally:
        close_old_connections()


_current: Runtime | None = None


def current() -> Runtime:
    """The runtime of this process. Raises NotReady outside `start` and `stop`."""
    if _current is None:
        raise NotReady()
    return _current


async def start(*, seed: int | None = None) -> Runtime:
    """Load the configuration and begin to take requests. Raises DatabaseError when it cannot be loaded."""
    global _current
    await sync_to_async(catch_up, thread_sensitive=False)()
    recorder = Recorder(
        batch_rows=settings.PLEXUS_HISTORY_BATCH_ROWS, flush_seconds=settings.PLEXUS_HISTORY_FLUSH_SECONDS
    )
    recorder.start()
    _current = Runtime(recorder, seed=seed)
    return _current


async def stop() -> None:
    """Take no more requests, and write the history that is still in memory."""
    global _current
    runtime, _current = _current, None
    if runtime is not None:
        await runtime.aclose()
