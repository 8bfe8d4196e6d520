"""A whole gateway for a test: the real application on a real socket, with a real fake provider behind it.

def test_a_name_finds_its_model(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))

    reply = gateway.ask("fast", "Hello!")

    assert reply.json()["choices"][0]["message"]["content"] == "Hello!"
    assert gateway.row(reply).provider == "openai"
"""

import asyncio
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TypeVar
from uuid import UUID

import httpx
import pytest
import redis
import uvicorn
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from pytest_django import Settings

from gateway import runtime
from gateway.access.store import KEYS
from gateway.management.door import Door
from gateway.management.serving import limit_stalls
from gateway.models import ClientKey
from history.models import RequestLog
from providers.addresses import AllowedNetworks
from providers.models import Endpoint, Provider, ProviderModel
from routing.models import Alias, Synonym, Target
from routing.store import TABLE
from tests.faulty_upstream import FaultyUpstream

T = TypeVar("T")
START_SECONDS = 120.0
RECORD_SECONDS = 60.0
"""Nothing takes that long, unless the machine has much else to do."""
TICK_SECONDS = 0.1
"""uvicorn's."""


class RunningGateway:
    """The gateway at `url`, the provider at `upstream.url`, and short ways to configure, ask and look."""

    def __init__(self, url: str, upstream: FaultyUpstream) -> None:
        self.url = url
        self.upstream = upstream
        self.key = ""
        # It speaks plain HTTP: reading all authorities' certificates for that takes longer than many a test.
        self.client = httpx.Client(base_url=url, timeout=60, trust_env=False, verify=False)

    # Configure

    def new_key(
        self, name: str = "a test", *, allowed: list[Alias | ProviderModel] | None = None, **fields: Any
    ) -> str:
        """A new client key's secret. `allowed`: the only aliases and models it may use."""
        key = ClientKey(name=name, **fields)
        if allowed is not None:
            key.access = ClientKey.Access.LISTED
        secret = key.make()
        with transaction.atomic():
            saved(key)
            key.allowed_aliases.set([item for item in allowed or [] if isinstance(item, Alias)])
            key.allowed_models.set([item for item in allowed or [] if isinstance(item, ProviderModel)])
        return secret

    def provider(self, name: str, *, url: str | None = None, **fields: Any) -> Provider:
        """A provider that stands at the fake upstream for chat, completions and embeddings; found if it exists."""
        found = Provider.objects.filter(name=name).first()
        if found is not None:
            return found
        with transaction.atomic():  # one new table, not four
            provider = saved(Provider(name=name, **({"credential": f"sk-{name}-secret"} | fields)))
            for api_type in ("chat", "completions", "embeddings"):
                saved(Endpoint(provider=provider, api_type=api_type, base_url=url or self.upstream.url))
        return provider

    def model(self, provider: str | Provider, name: str, **fields: Any) -> ProviderModel:
        """A model of a provider, which is made if there is none of this name."""
        owner = self.provider(provider) if isinstance(provider, str) else provider
        return saved(ProviderModel(provider=owner, name=name, **fields))

    def alias(self, name: str, *behind: ProviderModel | Alias, synonyms: tuple[str, ...] = (), **fields: Any) -> Alias:
        """An alias with these behind it, in order."""
        with transaction.atomic():
            alias = saved(Alias(name=name, **fields))
            for position, target in enumerate(behind):
                self.target(alias, target, position=position)
            for synonym in synonyms:
                saved(Synonym(alias=alias, name=synonym))
        return alias

    def target(self, alias: Alias, behind: ProviderModel | Alias, **fields: Any) -> Target:
        """One more target of an alias."""
        what = {"to_alias": behind} if isinstance(behind, Alias) else {"model": behind}
        return saved(Target(alias=alias, **what, **fields))

    # Ask

    def post(
        self, path: str, *, key: str | None = None, headers: Mapping[str, str] | None = None, **kwargs: Any
    ) -> httpx.Response:
        """POST with the test's key (or another; "" for none)."""
        secret = self.key if key is None else key
        authorization = {"authorization": f"Bearer {secret}"} if secret else {}
        return self.client.post(path, headers={**authorization, **(headers or {})}, **kwargs)

    def get(self, path: str, *, key: str | None = None, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """GET with the test's key (or another; "" for none)."""
        secret = self.key if key is None else key
        authorization = {"authorization": f"Bearer {secret}"} if secret else {}
        return self.client.get(path, headers={**authorization, **(headers or {})})

    def ask(self, model: str, text: str = "Hello!", *, key: str | None = None, **fields: Any) -> httpx.Response:
        """One chat completion."""
        body = {"model": model, "messages": [{"role": "user", "content": text}], **fields}
        return self.post("/v1/chat/completions", key=key, json=body)

    # Look

    def row(self, reply: httpx.Response) -> RequestLog:
        """The history of a reply, once it has been written."""
        return self.row_of(reply.headers["x-request-id"])

    def row_of(self, request_id: str) -> RequestLog:
        """The history of a request, once it has been written."""
        return eventually(lambda: RequestLog.objects.filter(pk=UUID(request_id)).first())


def saved(row: T) -> T:
    """The row, after its own rules have passed it."""
    row.full_clean()  # type: ignore[attr-defined]  # a model of any kind
    row.save()  # type: ignore[attr-defined]
    return row


def eventually(look: Callable[[], T | None], seconds: float = RECORD_SECONDS) -> T:
    """What `look` returns once it returns something true. Fails after `seconds`."""
    until = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > until:
            pytest.fail(f"Nothing came within {seconds:g} s.")
        time.sleep(0.02)


class QuickServer(uvicorn.Server):
    """Ends at once. uvicorn's looks every 0.1 s whether it should, and then every 0.1 s whether all connections are closed."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop, self._is_told = asyncio.get_running_loop(), asyncio.Event()
        await super().startup(sockets)

    def stop(self) -> None:
        """From another thread."""
        self.should_exit = True
        with suppress(RuntimeError):  # it has ended already
            self._loop.call_soon_threadsafe(self._is_told.set)

    async def main_loop(self) -> None:
        ticks = 0
        while not await self.on_tick(ticks):
            ticks += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._is_told.wait(), TICK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for _ in range(50):
            if not self._is_busy:
                await self.lifespan.shutdown()
                return
            await asyncio.sleep(TICK_SECONDS / 50)
        await super().shutdown(sockets)

    @property
    def _is_busy(self) -> bool:
        return bool(self.server_state.connections or self.server_state.tasks)


@contextmanager
def serving() -> Iterator[str]:
    """The whole site on a free port of loopback, in a thread with its own event loop. Yields its URL."""
    from plexus_site.asgi import application

    with socket.socket() as listener:
        # Else each answer waits 40 ms for an ACK: asyncio sets this only on sockets that were made with their protocol's number.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        limit_stalls(listener)
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        config = uvicorn.Config(
            application, http=Door, log_config=None, lifespan="on", ws="none", timeout_graceful_shutdown=5
        )
        server = QuickServer(config)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
        thread.start()
        until = time.monotonic() + START_SECONDS
        while not server.started and thread.is_alive() and time.monotonic() < until:
            time.sleep(0.005)
        assert server.started, "The gateway did not start: see the log above."
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.stop()
            thread.join(START_SECONDS)
            assert not thread.is_alive(), "The gateway did not stop."


def forget_configuration() -> None:
    """Let this process, and Redis, know no table and no keys: as after a fresh start on an empty database.

    Nor may one test's journal be taken over by the next, or what it told of upstreams be heard there.
    """
    for folder in ("journal", "health"):
        shutil.rmtree(settings.DATA_DIR / folder, ignore_errors=True)
    forget_letters()
    TABLE.forget()
    KEYS.forget()
    cache.clear()


def forget_letters() -> None:
    """Take what processes told each other of upstreams out of Redis, where there is one that answers."""
    if not settings.REDIS_URL:
        return
    with suppress(redis.RedisError), redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1) as server:
        if letters := list(server.scan_iter("plexus:health:*")):
            server.delete(*letters)


@pytest.fixture
def upstream() -> Iterator[FaultyUpstream]:
    """A fake provider."""
    with FaultyUpstream() as running:
        yield running


@pytest.fixture
def gateway(
    transactional_db: None, celery_worker: None, upstream: FaultyUpstream, settings: Settings
) -> Iterator[RunningGateway]:
    """A gateway that is running, with a client key, and nothing else configured."""
    settings.PLEXUS_PRIVATE_UPSTREAMS = AllowedNetworks.parse("127.0.0.0/8, ::1/128")
    forget_configuration()
    with serving() as url:
        running = RunningGateway(url, upstream)
        running.key = running.new_key()
        present = runtime.current()
        with running.client:
            yield running
    # A worker still writing would meet the flush of the database, which waits for nobody.
    eventually(lambda: RequestLog.objects.count() >= present.recorded)
    forget_configuration()
