"""The value in Redis: a faster way to what the database says, never the only one.

None of these raises: without Redis, or with a dead or frozen one, there is no copy. A frozen server costs 0.2 s.
"""

import logging
from collections.abc import Callable
from typing import TypeVar

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)
R = TypeVar("R")
ANSWER_SECONDS = 0.2
COMPILING_SECONDS = 15
"""After this long a process that said that it compiles is taken for dead."""


def version(subject: str) -> int | None:
    """The version of the copy."""
    return _or_none(lambda server: int(server.get(_key(subject, "version"))))  # type: ignore[arg-type]  # bytes or None


def value(subject: str) -> bytes | None:
    """The sealed text."""
    found = _or_none(lambda server: server.get(_key(subject, "value")))
    return found if isinstance(found, bytes) else None


def lay(subject: str, version: int, sealed: bytes) -> None:
    """Put the copy there, and say that it is."""
    _or_none(lambda server: server.mset({_key(subject, "value"): sealed, _key(subject, "version"): version}))
    _or_none(lambda server: server.delete(_key(subject, f"compiling:{version}")))


def is_compiled_elsewhere(subject: str, version: int) -> bool:
    """Whether another process has begun to compile this version. If none has, all others are told that we do.

    Else every process would compile a change that no process published, all at once.
    """
    name = _key(subject, f"compiling:{version}")
    begun = _or_none(lambda server: bool(server.set(name, 1, nx=True, ex=COMPILING_SECONDS)))
    return begun is False


def forget(subject: str) -> None:
    """Take the copy away."""
    _or_none(lambda server: server.delete(_key(subject, "value"), _key(subject, "version")))


def _key(subject: str, what: str) -> str:
    return f"plexus:{subject}:{what}"


def _or_none(ask: "Callable[[redis.Redis], R]") -> R | None:
    """What Redis answers; None without Redis, or when it is dead, frozen, or has nothing or nonsense."""
    if not settings.REDIS_URL:
        return None
    try:
        answer = ask(_server())
    except (TypeError, ValueError):
        return None  # it has nothing, or nonsense
    except (redis.RedisError, OSError) as exc:
        if settings.REDIS_URL not in _silent:
            _silent.add(settings.REDIS_URL)
            logger.warning("Redis does not answer, and is done without: %s", exc)
        return None
    _silent.discard(settings.REDIS_URL)
    return answer


_silent: set[str] = set()
"""Those that did not answer the last time: said once, not with every look."""
_servers: dict[str, "redis.Redis"] = {}


def _server() -> "redis.Redis":
    # No retries and short timeouts: a frozen server costs one timeout and no more.
    if settings.REDIS_URL not in _servers:
        _servers[settings.REDIS_URL] = redis.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
    return _servers[settings.REDIS_URL]
