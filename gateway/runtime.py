"""What a request is handed: the table, the keys, the client, the clock, the draw, the recorder. One per event loop."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings

from gateway.access.keyring import KeyRing
from gateway.access.store import KEYS
from gateway.decision import in_one_line
from gateway.draft import Draft, Moment
from gateway.errors import HistoryUnavailable, NotReady
from gateway.health.sharing import Sharing
from gateway.health.store import new_teller, post_of_settings
from gateway.in_flight import IN_FLIGHT
from gateway.metrics import store as reports
from gateway.metrics.report import Present, Recorded, Report
from gateway.metrics.totals import TOTALS
from gateway.metrics.upstreams import figures_of
from gateway.newcomers import Newcomers
from gateway.prepared import Limits, Prepared
from gateway.purse import Purse
from gateway.readiness import Figures
from gateway.surroundings import Surroundings
from history.recorder import CannotRecord, Recorder, recorder_of_settings
from history.records import Exchange
from providers.client import (
    HeaderPairs,
    ReadyHeaders,
    UpstreamResponse,
    UpstreamTransport,
    read_limited,
    upstream_request,
)
from providers.extra_headers import opened
from providers.models import vault
from providers.secrets import needed
from providers.timeouts import Timeouts
from routing.health import HealthBook
from routing.hedging import HedgeBudgets
from routing.selection import Draw
from routing.snapshot import Follower
from routing.step import Step
from routing.stickiness import Sessions
from routing.store import TABLE
from routing.table import RoutingTable, Upstream

logger = logging.getLogger(__name__)
TELL_EVERY_SECONDS = 1.0
PATIENCE_LOOKS = 5
"""So often a service or a version may fail to be confirmed before /readyz says so: 10 s by default."""
STOP_SECONDS = 10.0
"""How long stopping waits for history to be delivered. What is left then is in the journal."""


def moment() -> Moment:
    """Both clocks, also while the gateway is not running."""
    return Moment(epoch=time.time(), monotonic=time.monotonic())


class Runtime:
    """Everything that the requests of one process share."""

    now = staticmethod(moment)
    clock = staticmethod(time.monotonic)

    def __init__(self, recorder: Recorder, follower: Follower, *, seed: int | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        self.max_answer_bytes: int = settings.PLEXUS_MAX_ANSWER_BYTES
        self.draw = Draw(rng=random.Random(seed))
        self.newcomers = Newcomers(self.loop)
        self._recorder = recorder
        self.health = HealthBook(
            random.Random(seed), upstream_cap=settings.PLEXUS_UPSTREAM_MAX_IN_FLIGHT, provider_cap=sys.maxsize
        )
        self.sharing = Sharing(self.health, post_of_settings(), new_teller(), self.now)
        self.sessions = Sessions()
        self.hedge_budgets = HedgeBudgets()
        self._leftovers: set[asyncio.Task[None]] = set()
        self.chain_seconds: float = settings.PLEXUS_CHAIN_TIMEOUT_SECONDS
        self.waiting_for: set[str] = set()
        """Keys of upstreams that a request waits for, since they have asked for a moment of patience."""
        self._transport = UpstreamTransport(allowed=settings.PLEXUS_PRIVATE_UPSTREAMS)
        self._purse = purse_of(TABLE.current, self._fit, self.health.forget)
        self._forgetting: asyncio.Task[None] | None = None
        self._follower = follower
        self._surroundings = Surroundings()
        self._surroundings.begin()
        self._tasks = [
            self.loop.create_task(IN_FLIGHT.lag.measure(), name="event loop lag"),
            self.loop.create_task(self._tell_the_others(), name="figures for other workers"),
            self.loop.create_task(self.sharing.run(), name="health of upstreams"),
        ]

    # The present

    @property
    def purse(self) -> Purse:
        """The routing table of this moment, with credentials. A request takes it once and keeps it to its end.

        Raises NotReady before the first table is here.
        """
        if self._purse.table is not TABLE.current:
            self._purse = purse_of(TABLE.current, self._fit, self.health.forget)
            self._forgetting = self.loop.create_task(self._forget(TABLE.current), name="health of the former table")
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

    # The health of upstreams

    def _fit(self, upstream: Upstream, found: Prepared | str) -> None:
        """Its limits on requests in flight, and its provider's secrets, as this table has them."""
        health = self.health.of(upstream.key)
        health.cap = upstream.max_in_flight or settings.PLEXUS_UPSTREAM_MAX_IN_FLIGHT
        health.alarm()
        self.health.limit(upstream.provider, upstream.provider_max_in_flight or sys.maxsize)
        if isinstance(found, Prepared):
            self.health.note_credential(
                upstream.provider, hash((found.credential, found.secrets_in_errors)), self.clock()
            )

    async def _forget(self, table: RoutingTable) -> None:
        """Let go of the health of those that are no longer configured. There may be a hundred thousand names to look at."""
        self.health.keep_only(await asyncio.to_thread(keys_of, table))

    # The way out

    # Not async themselves: each of the two would be one more coroutine between a request and what it waits for.

    def send(
        self, url: str, ready: ReadyHeaders, forwarded: HeaderPairs, body: bytes, timeouts: Timeouts
    ) -> Awaitable[UpstreamResponse]:
        """Post to an upstream; return when the head of its answer is here, its body unread. Raises UpstreamError."""
        return self._transport.handle_async_request(upstream_request(url, ready, forwarded, body, timeouts))

    def read(self, response: UpstreamResponse, limit_bytes: int) -> Awaitable[bytes]:
        """The whole body. Raises UpstreamError, AnswerTooLarge among them. The response is closed then."""
        return read_limited(response, limit_bytes)

    def clear_away(self, leftover: Coroutine[Any, Any, None]) -> None:
        """Have something done for which no client should wait."""
        task = self.loop.create_task(leftover, name="clearing away")
        self._leftovers.add(task)
        task.add_done_callback(self._leftovers.discard)

    # The record

    def record_try(self, draft: Draft, step: Step, url: str, now: Moment) -> None:
        """Keep that an upstream is about to be asked, before it is. Raises HistoryUnavailable, where that is the rule."""
        try:
            if draft.tries:
                self._recorder.attempt(draft.id, draft.beginning(step, url, now))
            else:
                self._recorder.begin(draft.begun(step, url, now))
        except CannotRecord as exc:
            raise HistoryUnavailable() from exc

    def record_failed_try(self, draft: Draft) -> None:
        """Keep how the last try ended, while another may follow. Never raises."""
        with suppress(CannotRecord):  # the next one will be refused; this one is over
            self._recorder.attempt(draft.id, draft.attempts[-1])

    def record(self, exchange: Exchange) -> None:
        """Keep what happened. Synchronous: the client may be gone, and this task cancelled."""
        self._recorder.record(exchange)
        TOTALS.note(exchange)
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("%s", in_one_line(exchange))

    @property
    def recorded(self) -> int:
        """How many exchanges this process has recorded, and not lost."""
        return self._recorder.recorded - self._recorder.lost

    # How it goes

    def figures(self) -> Figures:
        """What /readyz judges. Nobody is asked."""
        around = self._surroundings
        return Figures(
            versions=_versions(),
            ages_seconds=_ages_seconds(),
            silent_seconds=around.silent_seconds,
            patience_seconds=PATIENCE_LOOKS * around.every_seconds,
            history=asdict(self._recorder.figures),
        )

    def report(self) -> Report:
        """What /metrics tells of this process."""
        history = self._recorder.figures
        return Report(
            written_at=time.time(),
            totals=TOTALS,
            recorded=Recorded(
                requests=history.recorded,
                lost=history.lost,
                adopted=history.adopted,
                quarantined=history.quarantined,
                damaged=history.damaged,
            ),
            present=Present(
                in_flight=len(IN_FLIGHT),
                body_bytes=IN_FLIGHT.body_bytes,
                tasks=len(asyncio.all_tasks()),
                upstreams_in_use=self._transport.in_use,
                upstreams_idle=self._transport.idle,
                loop_lag_seconds=IN_FLIGHT.lag.worst_seconds,
                history_pending=history.pending,
                history_lag_seconds=history.lag_seconds,
                journal_bytes=history.journal_bytes,
                versions=_versions(),
                ages_seconds=_ages_seconds(),
            ),
            upstreams=figures_of(self.sharing.sheet),
        )

    # Life

    async def _tell_the_others(self) -> None:
        """Lay our figures where the worker that is asked for /metrics finds them."""
        while reports.is_shared():
            await asyncio.to_thread(reports.write, self.report())
            await asyncio.sleep(TELL_EVERY_SECONDS)

    async def aclose(self) -> None:
        """Close every connection to upstreams, and deliver the history that still waits."""
        self._surroundings.end()
        self.newcomers.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._leftovers, return_exceptions=True)
        await self.sharing.end()
        await sync_to_async(self._follower.stop, thread_sensitive=False)()
        await self._transport.aclose()
        await sync_to_async(self._recorder.stop, thread_sensitive=False)(STOP_SECONDS)
        reports.write(self.report())


def _versions() -> dict[str, int]:
    return {"routing_table": TABLE.current.version, "client_keys": KEYS.current.version}


def _ages_seconds() -> dict[str, float]:
    return {"routing_table": TABLE.age_seconds, "client_keys": KEYS.age_seconds}


def keys_of(table: RoutingTable) -> set[str]:
    return {upstream.key for upstream in table.upstreams}


def purse_of(
    table: RoutingTable,
    opens: Callable[[Upstream, Prepared | str], None] | None = None,
    closes: Callable[[str], bool] | None = None,
) -> Purse:
    """The table with the credentials and deadlines of this process. `opens` and `closes`: see Purse."""
    our_vault = vault()
    limits = Limits(
        connect_seconds=settings.PLEXUS_CONNECT_TIMEOUT_SECONDS,
        first_byte_seconds=settings.PLEXUS_FIRST_BYTE_TIMEOUT_SECONDS,
        idle_seconds=settings.PLEXUS_IDLE_TIMEOUT_SECONDS,
        semantic_idle_seconds=settings.PLEXUS_SEMANTIC_IDLE_TIMEOUT_SECONDS,
        answer_seconds=settings.PLEXUS_ANSWER_TIMEOUT_SECONDS,
        stream_seconds=settings.PLEXUS_STREAM_TIMEOUT_SECONDS,
    )
    return Purse(
        table=table,
        limits=limits,
        resolve=lambda auth, stored: needed(auth, stored, our_vault, os.environ),
        open_headers=lambda headers: opened(headers, our_vault, os.environ),
        opens=opens,
        closes=closes,
    )


_current: Runtime | None = None


def current() -> Runtime:
    """The runtime of this process. Raises NotReady outside `start` and `stop`."""
    if _current is None:
        raise NotReady()
    return _current


async def start(*, seed: int | None = None) -> Runtime:
    """Load the configuration and begin to take requests.

    Raises django.db.Error when there is none: neither database nor Redis answers, and this machine never had one.
    """
    global _current
    follower = Follower([TABLE, KEYS], every_seconds=lambda: settings.PLEXUS_TABLE_POLL_SECONDS)
    await sync_to_async(follower.start, thread_sensitive=False)()
    recorder = recorder_of_settings()
    recorder.start()
    _current = Runtime(recorder, follower, seed=seed)
    return _current


async def stop() -> None:
    """Take no more requests, and deliver the history that still waits."""
    global _current
    runtime, _current = _current, None
    if runtime is not None:
        await runtime.aclose()
