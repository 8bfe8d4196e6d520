"""The value in Redis: a faster way to what the database says, never the only one.

None of these raises: without Redis, or with a dead or frozen one, there is no copy. A frozen server costs 0.2 s.
"""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)
R = TypeVar("R")
ANSWER_SECONDS = 0.2
REST_SECONDS = 1.0
"""After it did not answer."""
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


def lacks(subject: str, version: int) -> bool:
    """Whether Redis answers and has nothing, nonsense or an older copy: it was emptied, or was away while that was laid."""
    if _resting is not None and _resting[0] == settings.REDIS_URL and time.monotonic() < _resting[1]:
        return False  # asked with every look: it must not cost each its timeout
    told = _or_none(lambda server: server.get(_key(subject, "version")) or b"0")
    try:
        return told is not None and int(told) < version
    except ValueError:
        return True


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
    global _resting
    if not settings.REDIS_URL:
        return None
    try:
        answer = ask(_server())
    except (TypeError, ValueError):
        return None  # it has nothing, or nonsense
    except (redis.RedisError, OSError) as exc:
        if _resting is None:
            logger.warning("Redis does not answer, and is done without: %s", exc)
        _resting = (settings.REDIS_URL, time.monotonic() + REST_SECONDS)
        return None
    if _resting is not None:
        logger.info("Redis answers again.")
    _resting = None
    return answer


_resting: tuple[str, float] | None = None
"""The URL that does not answer, and until when it is not asked for our sake. That it is silent is said once, not with every
look, and once that it answers again."""
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
