"""Two serving processes and a real Redis: what one is told, both know; what is cleared, both forget; who dies is not counted."""

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
import redis

from gateway.health.letters import Sheet, Word
from gateway.health.store import LEASE_SECONDS, in_redis
from gateway.health.store.in_redis import RedisPost
from providers.errors import Condition
from routing.health.news import Event, News
from tests.freezing import frozen, processes_of_valkey
from tests.gateway.health.telling_process import KEY, OTHER, TellingProcess
from tests.gateway.running import PATIENCE_SECONDS, Running
from tests.gateways import eventually
from tests.throwaway_servers import Server

WITHIN_SECONDS = 60.0
"""Everybody looks each second; three, for one to tell, one to hear and to show, and one to be seen. The rest is for busy machines:
what is not told is never known."""
STARTED = "A Celery worker of its own must run"


@pytest.fixture
def serve(data: Path, server: Server) -> Iterator[Running]:
    """Two workers that have begun to tell."""
    with Running("serve", "--port", "0", "--workers", "2", data=data, environ={"REDIS_URL": server.url}) as running:
        running.wait_for(STARTED)
        yield running
        running.stop(signal.SIGTERM)


@pytest.fixture
def post(serve: Running, server: Server, monkeypatch: pytest.MonkeyPatch) -> RedisPost:
    """What the workers write and read, in our hands, which are patient."""
    monkeypatch.setattr(in_redis, "ANSWER_SECONDS", 60.0)
    redis.Redis.from_url(server.url).delete(f"plexus:health:claimed:{KEY}")
    return RedisPost(server.url, key=(serve.data / "secret_key").read_text().strip())


def lay(post: RedisPost, teller: str, *news: News) -> None:
    post.lay(teller, Word(news=news), None)


def sheets(post: RedisPost) -> Mapping[str, Sheet]:
    return post.sheets(but_of="") or {}


def who_leaves_it_alone(post: RedisPost) -> int:
    """Of all processes."""
    return sum(
        one.told.key == KEY and not one.told.standing.ok for sheet in sheets(post).values() for one in sheet.upstreams
    )


def test_what_is_told_is_known_to_both_and_what_is_cleared_is_forgotten_by_both(post: RedisPost) -> None:
    rests = News(key=KEY, event=Event.RESTS, number=1, seconds=120.0, condition=Condition.RATE_LIMITED)
    eventually(lambda: len(post.words(but_of="") or {}) == 2, WITHIN_SECONDS)

    lay(post, "teller", rests)
    eventually(lambda: who_leaves_it_alone(post) == 2, WITHIN_SECONDS)
    lay(post, "admin", News(key=KEY, event=Event.CLEARED, number=1))

    assert eventually(lambda: who_leaves_it_alone(post) == 0, WITHIN_SECONDS)


def test_the_streams_of_a_killed_worker_are_soon_counted_no_more(post: RedisPost, serve: Running, key: str) -> None:
    with ExitStack() as open_streams:
        for _ in range(6):
            open_streams.enter_context(a_stream(serve, key))
        eventually(lambda: sum(counted(post).values()) == 6, WITHIN_SECONDS)

        doomed = max(counted(post), key=lambda teller: counted(post)[teller])
        os.kill(int(doomed.split(":")[1]), signal.SIGKILL)

        assert eventually(lambda: doomed not in counted(post), WITHIN_SECONDS)


def counted(post: RedisPost) -> dict[str, int]:
    """Teller -> requests in flight, as it says."""
    return {teller: sum(word.in_flight.values()) for teller, word in (post.words(but_of="") or {}).items()}


@contextmanager
def a_stream(serve: Running, key: str) -> Iterator[None]:
    """One that goes on for a while, on a connection of its own."""
    body = {"model": "demo/large", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
    headers = {"authorization": f"Bearer {key}"}
    url = f"{serve.url}/v1/chat/completions"
    with (
        httpx.Client(trust_env=False, timeout=PATIENCE_SECONDS) as client,
        client.stream("POST", url, json=body, headers=headers) as reply,
    ):
        assert reply.status_code == 200
        yield


def test_a_frozen_redis_stops_no_request_and_afterwards_they_tell_again(
    post: RedisPost, serve: Running, server: Server, key: str
) -> None:
    eventually(lambda: len(post.words(but_of="") or {}) == 2, WITHIN_SECONDS)
    with frozen(processes_of_valkey(server)):
        time.sleep(2.5)
        # It thaws only when the answer is there.
        reply = httpx.get(
            f"{serve.url}/v1/models",
            headers={"authorization": f"Bearer {key}"},
            trust_env=False,
            timeout=PATIENCE_SECONDS,
        )

    assert reply.status_code == 200
    assert eventually(lambda: len(post.words(but_of="") or {}) == 2, WITHIN_SECONDS)


@pytest.fixture
def busy(server: Server) -> Iterator[TellingProcess]:
    """With five requests in flight."""
    with TellingProcess(server.url, in_flight=5) as process:
        yield process.wait_until_it_speaks()


@pytest.fixture
def idle(server: Server) -> Iterator[TellingProcess]:
    with TellingProcess(server.url, in_flight=0) as process:
        yield process.wait_until_it_speaks()


def test_least_connections_goes_by_the_requests_of_all_processes(busy: TellingProcess, idle: TellingProcess) -> None:
    assert eventually(lambda: idle.in_flight_elsewhere == 5, WITHIN_SECONDS)

    assert eventually(lambda: idle.first_by_least_connections == OTHER, WITHIN_SECONDS)


def test_the_requests_of_a_killed_process_are_soon_gone(busy: TellingProcess, idle: TellingProcess) -> None:
    eventually(lambda: idle.in_flight_elsewhere == 5, WITHIN_SECONDS)

    os.kill(busy.pid, signal.SIGKILL)

    assert LEASE_SECONDS <= 5
    assert eventually(lambda: idle.in_flight_elsewhere == 0, WITHIN_SECONDS)
