"""EDGE: whether the database and Redis answer, asked now and then in a thread of its own, never during a request.

One that is frozen answers nothing and fails nothing, so what counts is how long ago the last answer came.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import redis
from django.conf import settings
from django.db import Error, connection, connections
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)
REDIS_TIMEOUT_SECONDS = 0.2
LOOKS_PER_POLL = 0.25
"""A quarter as often as new configuration is looked for: every 2 s by default."""


class Neighbour:
    """One service that we need, and when it last answered."""

    def __init__(self, name: str, ask: Callable[[], object]) -> None:
        self.name = name
        self._ask = ask
        self._since = time.monotonic()

    @property
    def silent_seconds(self) -> float:
        """Since its last answer, or since we began to ask."""
        return time.monotonic() - self._since

    def look(self) -> None:
        try:
            self._ask()
        except (Error, redis.RedisError, OSError) as exc:
            logger.debug("%s does not answer: %s", self.name, exc)
        else:
            self._since = time.monotonic()


class Surroundings:
    """The services around this process."""

    def __init__(self) -> None:
        self._neighbours = [Neighbour("database", _ask_database)]
        if settings.REDIS_URL:
            self._neighbours.append(Neighbour("redis", _ask_redis))
        self._is_over = threading.Event()

    def begin(self) -> None:
        """Look, in threads that end with the process: a frozen service holds up its own thread alone."""
        for neighbour in self._neighbours:
            threading.Thread(target=self._watch, args=[neighbour], name=f"watch {neighbour.name}", daemon=True).start()

    def end(self) -> None:
        self._is_over.set()

    def _watch(self, neighbour: Neighbour) -> None:
        while not self._is_over.is_set():
            neighbour.look()
            self._is_over.wait(self.every_seconds)
        connections.close_all()

    @property
    def silent_seconds(self) -> dict[str, float]:
        """By name: how long ago each last answered."""
        return {neighbour.name: neighbour.silent_seconds for neighbour in self._neighbours}

    @property
    def every_seconds(self) -> float:
        return float(settings.PLEXUS_TABLE_POLL_SECONDS / LOOKS_PER_POLL)


def _ask_database() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except BaseException:
        connection.close()  # kept otherwise: a new one each time costs ten times as much
        raise


_servers: dict[str, redis.Redis] = {}


def _ask_redis() -> None:
    if settings.REDIS_URL not in _servers:
        _servers[settings.REDIS_URL] = redis.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=REDIS_TIMEOUT_SECONDS,
            socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
    _servers[settings.REDIS_URL].ping()
