"""Between request and reply: no SQL, no Redis, no other thread."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
import redis.connection
from django.db.backends.utils import CursorWrapper
from pytest_django import Settings

from gateway import runtime
from tests.gateways import RunningGateway, eventually

pytestmark = pytest.mark.django_db(transaction=True)

BACKGROUND = {"history-recorder", "celery-worker", "celery-beat"}
"""Threads that work beside the requests, whether there are any or not."""


@dataclass(slots=True)
class Witness:
    """What was done, and in which thread: "sql in MainThread"."""

    seen: list[str] = field(default_factory=list)

    def watches(self, monkeypatch: pytest.MonkeyPatch, owner: type, name: str, what: str) -> None:
        """Note each call of a method, and let it happen."""
        original: Callable[..., Any] = getattr(owner, name)  # Any: whatever it takes and returns

        def noted(*args: Any, **kwargs: Any) -> Any:
            if threading.current_thread().name not in BACKGROUND:
                self.seen.append(f"{what} in {threading.current_thread().name}")
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, noted)


@pytest.fixture
def witness(monkeypatch: pytest.MonkeyPatch, settings: Settings, gateway: RunningGateway) -> Witness:
    """Sees every SQL statement, every command to Redis and every call handed to a thread, in any thread of requests."""
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"), synonyms=("quick",))
    gateway.ask("fast")  # the first one loads what later ones find
    witness = Witness()
    witness.watches(monkeypatch, CursorWrapper, "execute", "sql")
    witness.watches(monkeypatch, CursorWrapper, "executemany", "sql")
    witness.watches(monkeypatch, redis.connection.AbstractConnection, "send_packed_command", "redis")
    witness.watches(monkeypatch, ThreadPoolExecutor, "submit", "thread hop")
    return witness


@pytest.fixture(autouse=True)
def no_follower(settings: Settings) -> None:
    """Nobody asks for newer configuration meanwhile."""
    settings.PLEXUS_TABLE_POLL_SECONDS = 60.0


def test_the_witness_sees(witness: Witness, gateway: RunningGateway) -> None:
    async def hop() -> None:
        await asyncio.get_running_loop().run_in_executor(None, print)

    gateway.new_key("another")
    asyncio.run_coroutine_threadsafe(hop(), runtime.current().loop).result(60)

    assert "sql in MainThread" in witness.seen
    assert any(one.startswith("thread hop") for one in witness.seen)


def test_no_request_touches_the_database_redis_or_another_thread(witness: Witness, gateway: RunningGateway) -> None:
    gateway.ask("fast")
    gateway.ask("quick", stream=True)
    gateway.ask("openai/gpt-4o-mini")
    gateway.ask("nothing")
    gateway.ask("fast", key="sk-plx-wrong")
    gateway.post("/v1/embeddings", json={"model": "fast", "input": "x"})
    gateway.get("/v1/models")
    gateway.get("/v1/models/quick")
    gateway.get("/readyz")

    assert witness.seen == []


def test_no_thread_is_added_by_many_streams_at_once(gateway: RunningGateway) -> None:
    gateway.alias("held", gateway.model("openai", "stall-after-1"))
    present = runtime.current()
    before, tasks = threading.active_count(), count_tasks(present.loop)

    async def hold() -> int:
        """Open 200 streams and count the threads while all are open."""
        readers = [await open_stream(gateway) for _ in range(200)]
        threads = threading.active_count()
        for writer in readers:
            writer.close()
        return threads

    during = asyncio.run(hold())

    assert during == before
    eventually(lambda: count_tasks(present.loop) <= tasks)
    eventually(lambda: sum(seen.peer_left_at is not None for seen in gateway.upstream.seen) == 200)


async def open_stream(gateway: RunningGateway) -> asyncio.StreamWriter:
    """A stream whose first content is here."""
    host, _, port = gateway.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    body = b'{"model":"held","messages":[{"role":"user","content":"x"}],"stream":true}'
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {gateway.key}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await reader.readuntil(b"word0")
    return writer


def count_tasks(loop: asyncio.AbstractEventLoop) -> int:
    async def count() -> int:
        return len(asyncio.all_tasks())

    return asyncio.run_coroutine_threadsafe(count(), loop).result(60)
