"""What the workers do for the gateway: probe upstreams whose provider wants it, and record what nobody told us of."""

import asyncio
import logging
import random
import time
from collections.abc import Sequence
from contextlib import suppress

from celery import shared_task
from django.conf import settings
from django.db import Error

from gateway.audit.recording import record_what_was_changed_outside
from gateway.draft import KEPT_ERROR_CHARACTERS
from gateway.echoes import without_echo
from gateway.health import probing
from gateway.health.letters import Word
from gateway.health.store import Post, new_teller, post_of_settings
from gateway.purse import Purse
from gateway.runtime import purse_of
from history import store as history
from history.ids import RANDOM_BITS, new_id
from history.records import Attempt, Exchange, Outcome
from providers.classifier import from_status, of_answer
from providers.client import UpstreamTransport, read_limited, upstream_request
from providers.errors import UpstreamError
from providers.models import Provider
from providers.pricing import Usage
from providers.timeouts import Timeouts
from providers.verdict import judge
from providers.wire.base import MalformedAnswer
from providers.wire.openai_chat import read_answer
from routing.health.news import News
from routing.store import TABLE
from routing.table import Upstream

logger = logging.getLogger(__name__)
PATIENCE_SECONDS = 8.0
"""Of one probe, from begin to end: longer would be longer than the next look is away."""
AT_A_TIME = 8
MOST_BYTES = 1024 * 1024
KEY_NAME = "probe"
"""As whose request the history shows it."""


@shared_task(name="gateway.tasks.find_changes_from_outside")
def find_changes_from_outside() -> None:
    """Record what was changed past all doors. Asks once while nothing was."""
    try:
        record_what_was_changed_outside()
    except Error as exc:
        logger.debug("Nobody looks for changes while the database is away: %s", exc)


@shared_task(name="gateway.tasks.probe_upstreams")
def probe_upstreams() -> None:
    """Ask those that are due, tell all processes what came of it, and record what it cost."""
    try:
        if not Provider.objects.filter(enabled=True, probe_every_seconds__isnull=False).exists():
            return
        TABLE.catch_up()
    except Error as exc:
        logger.debug("Nobody is probed while the database is away: %s", exc)
        return
    post = post_of_settings()
    words, sheets = post.words(but_of="") or {}, post.sheets(but_of="") or {}
    wanting = probing.wanting(TABLE.current.upstreams, words.values(), sheets.values())
    purse = purse_of(TABLE.current)
    due = [upstream for upstream in wanting if purse.objection(upstream) is None and is_due(upstream, post)]
    if not due:
        return
    probes = asyncio.run(_probe_all(due, purse))
    news = [each for probe in probes for each in probe.news]
    if news:
        post.lay(new_teller("probe"), Word(news=news), None)
    history.write([probe.exchange for probe in probes])


def is_due(upstream: Upstream, post: Post) -> bool:
    """Whoever claims it first asks it; without anybody to ask who was first, nobody does."""
    every_seconds = upstream.probe_every_seconds or 0.0
    return post.claim(upstream.key, every_seconds - probing.LATE_SECONDS)


class Probe:
    """One request to one upstream, and what came of it."""

    def __init__(self, upstream: Upstream, purse: Purse, transport: UpstreamTransport) -> None:
        self._upstream = upstream
        self._prepared = purse.prepared(upstream)
        self._transport = transport
        self._api_type = probing.api_type_of(upstream)
        self._url = upstream.urls[self._api_type]
        self._began_at = self._begun = 0.0
        self._took_seconds = 0.0
        self._usage: Usage | None = None
        self._status: int | None = None
        self._failure: UpstreamError | None = None

    async def run(self) -> None:
        """Raises nothing that an upstream can bring about."""
        self._began_at, self._begun = time.time(), time.monotonic()
        try:
            await self._ask()
        except UpstreamError as exc:
            self._failure = exc
        self._took_seconds = time.monotonic() - self._begun

    @property
    def news(self) -> Sequence[News]:
        verdict = None if self._failure is None else judge(self._failure)
        return probing.news_of(self._upstream, verdict, time.monotonic() - self._begun)

    @property
    def exchange(self) -> Exchange:
        """For the history: whoever pays for probes can see what they cost."""
        upstream, failure = self._upstream, self._failure
        outcome = Outcome.OK if failure is None else Outcome.FAILED
        condition, code, message = (str(failure.condition), failure.code, failure.message) if failure else ("", "", "")
        attempt = Attempt(
            number=1,
            provider=upstream.provider,
            model=upstream.model,
            started_at=self._began_at,
            url=self._url,
            latency_ms=self._took_seconds * 1000,
            status=self._status,
            outcome=outcome,
            condition=condition,
            error=message[:KEPT_ERROR_CHARACTERS],
        )
        return Exchange(
            provider=upstream.provider,
            model=upstream.model,
            started_at=self._began_at,
            id=new_id(self._began_at, random.getrandbits(RANDOM_BITS)),
            key_name=KEY_NAME,
            api_type=self._api_type,
            requested_model=upstream.name,
            outcome=outcome,
            status=failure.status if failure else self._status or 200,
            error_code=code,
            error=message[:KEPT_ERROR_CHARACTERS],
            latency_ms=self._took_seconds * 1000,
            usage=self._usage,
            price=self._prepared.price,
            attempts=(attempt,),
        )

    async def _ask(self) -> None:
        request = upstream_request(
            self._url, self._prepared.headers, [], probing.body_of(self._upstream), self._timeouts()
        )
        response = await self._transport.handle_async_request(request)
        try:
            self._status = response.status_code
            body = await read_limited(response, MOST_BYTES)
        finally:
            await response.aclose()
        if not 200 <= response.status_code < 300:
            said = without_echo(body, self._prepared.secrets_in_errors)
            raise from_status(response.status_code, response.headers, said)
        self._note_usage(body)
        failure = of_answer(response.status_code, response.header("content-type"), body, self._api_type)
        if failure is not None:
            raise failure

    def _timeouts(self) -> Timeouts:
        connect_seconds = min(self._prepared.for_answers.connect_seconds, PATIENCE_SECONDS)
        return Timeouts(
            connect_seconds=connect_seconds,
            first_byte_seconds=PATIENCE_SECONDS,
            idle_seconds=PATIENCE_SECONDS,
            total_seconds=PATIENCE_SECONDS,
        )

    def _note_usage(self, body: bytes) -> None:
        with suppress(MalformedAnswer):  # of_answer says what is wrong with it
            self._usage = read_answer(body).usage


async def _probe_all(upstreams: Sequence[Upstream], purse: Purse) -> list[Probe]:
    transport = UpstreamTransport(allowed=settings.PLEXUS_PRIVATE_UPSTREAMS)
    few = asyncio.Semaphore(AT_A_TIME)

    async def run(probe: Probe) -> None:
        async with few:
            await probe.run()

    probes = [Probe(upstream, purse, transport) for upstream in upstreams]
    try:
        await asyncio.gather(*(run(probe) for probe in probes))
    finally:
        await transport.aclose()
    return probes
