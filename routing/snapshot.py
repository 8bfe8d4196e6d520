"""Something compiled from the database that every process keeps in memory, whole, and replaces whole.

A change to configuration raises a version inside its own transaction, so a rolled-back change never happened. On commit
the process that saved compiles the new value and uses it at once; it also lays it into Redis, where there is one. Every
other process asks for the version now and then (`catch_up`) and takes the new value from Redis, else from the database.
"""

import hashlib
import hmac
import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

import redis
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from redis.backoff import NoBackoff
from redis.retry import Retry

from providers.models import hold_configuration
from routing.models import ConfigurationVersion

logger = logging.getLogger(__name__)
CHECK_DATABASE_EVERY_SECONDS = 5.0
"""How often the database is asked for the version although Redis answers: a commit may have found Redis dead."""


class Versioned(Protocol):
    @property
    def version(self) -> int: ...


T = TypeVar("T", bound=Versioned)


class Snapshot(Generic[T]):
    """One compiled value of this process. `current` may be read by anybody at any time; reading costs nothing."""

    def __init__(
        self,
        *,
        subject: str,
        compile: Callable[[int], T],
        encode: Callable[[T], bytes],
        decode: Callable[[bytes], T],
        empty: T,
    ) -> None:
        self.subject = subject
        self.current = self._empty = empty
        self._taken_at = 0.0
        """When `current` was last known to be the newest, on the monotonic clock."""
        self._compile = compile
        self._encode = encode
        self._decode = decode
        self._swap = threading.Lock()
        self._asked_database_at = -CHECK_DATABASE_EVERY_SECONDS

    @property
    def age_seconds(self) -> float:
        """How long ago `current` was last known to be the newest."""
        return time.monotonic() - self._taken_at

    # Writing: in the transaction that changes configuration

    def mark_changed(self) -> None:
        """Raise the version in the current transaction; on its commit, compile and publish."""
        # Not every change comes from a row that waited (a key's list of aliases is a table between): no deadlock here.
        hold_configuration()
        rows = ConfigurationVersion.objects.filter(subject=self.subject)
        if not rows.update(number=F("number") + 1):
            ConfigurationVersion.objects.create(subject=self.subject, number=1)
        transaction.on_commit(self._publish, robust=True)

    def _publish(self) -> None:
        # Many rows may have changed in one transaction; the first call compiles them all, the others find it done.
        if self._version_in_database() != self.current.version:
            self.compile_now()

    def compile_now(self) -> None:
        """Compile from the database, use it, and lay it into Redis. Raises DatabaseError."""
        laid = None
        # Another process may have laid a newer value while this one compiled: the last to lay must be the newest.
        while laid is None or (settings.REDIS_URL and laid != self._version_in_database()):
            with self._swap:
                value = self._compiled()
                self.current = value
                self._taken_at = time.monotonic()
            self._lay_into_redis(value)
            laid = value.version

    def _compiled(self) -> T:
        with transaction.atomic():
            if connection.vendor == "postgresql" and len(connection.savepoint_ids) == 0:
                _read_one_moment()
            return self._compile(self._version_in_database())

    def _version_in_database(self) -> int:
        numbers = ConfigurationVersion.objects.filter(subject=self.subject).values_list("number", flat=True)
        return next(iter(numbers), 0)

    # Reading: now and then, in every process, never during a request

    def catch_up(self) -> bool:
        """Take over a newer value, if there is one. True when there was. Raises DatabaseError."""
        before = self.current
        version = self._newest_version(before)
        if version == before.version:
            self._taken_at = time.monotonic()
            return False
        value = self._from_redis(version)
        if value is None:
            self.compile_now()
        else:
            with self._swap:
                # Else another thread has compiled a newer one meanwhile. Not told by the number: that of a database
                # that was put back is lower.
                if self.current is before:
                    self.current = value
                self._taken_at = time.monotonic()
        return True

    def _newest_version(self, ours: T) -> int:
        in_redis = self._version_in_redis()
        now = time.monotonic()
        # Lower than ours: the database was put back, or Redis missed a change and the others do not know of it.
        is_lower = in_redis is not None and in_redis < ours.version
        if in_redis is not None and not is_lower and now - self._asked_database_at < CHECK_DATABASE_EVERY_SECONDS:
            return in_redis
        self._asked_database_at = now
        in_database = self._version_in_database()
        if is_lower and in_database == ours.version:
            self._lay_into_redis(ours)
        return in_database

    def forget(self) -> None:
        """Know nothing, as after a fresh start; Redis too. For tests, and for a database that was put back."""
        with self._swap:
            self.current = self._empty
            self._asked_database_at = -CHECK_DATABASE_EVERY_SECONDS
        _or_none(lambda server: server.delete(self._key("value"), self._key("version")))

    # Redis: a faster way to the same value, never the only one

    def _version_in_redis(self) -> int | None:
        """None when Redis does not answer; 0, older than any, when it has none (it was emptied) or nonsense."""
        told = _or_none(lambda server: server.get(self._key("version")) or b"0")
        if told is None:
            return None
        try:
            return int(told)
        except (TypeError, ValueError):
            return 0

    def _from_redis(self, version: int) -> T | None:
        signed = _or_none(lambda server: server.get(self._key("value")))
        if not isinstance(signed, bytes):
            return None
        signature, _, text = signed.partition(b"\n")
        if not hmac.compare_digest(signature, self._signature(text)):
            logger.warning("The %s in Redis is not signed with our SECRET_KEY: not used.", self.subject)
            return None
        try:
            value = self._decode(text)
        except ValueError as exc:
            # Signed, so ours: laid there by another release of Plexus, whose values have another shape.
            logger.info("The %s in Redis cannot be read, and is compiled instead: %s", self.subject, exc)
            return None
        return value if value.version == version else None

    def _lay_into_redis(self, value: T) -> None:
        text = self._encode(value)
        signed = self._signature(text) + b"\n" + text
        _or_none(lambda server: server.mset({self._key("value"): signed, self._key("version"): value.version}))

    def _signature(self, text: bytes) -> bytes:
        return hmac.new(settings.SECRET_KEY.encode(), self.subject.encode() + text, hashlib.sha256).hexdigest().encode()

    def _key(self, what: str) -> str:
        return f"plexus:{self.subject}:{what}"


def _read_one_moment() -> None:
    """Let all queries of this transaction see one moment, so that no half of a change is compiled."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


R = TypeVar("R")


def _or_none(ask: "Callable[[redis.Redis], R]") -> R | None:
    """What Redis answers; None without Redis, or when it is dead or frozen: said once, and once when it is over."""
    global _is_silent
    if not settings.REDIS_URL:
        return None
    try:
        answer = ask(_server())
    except (redis.RedisError, OSError) as exc:
        if not _is_silent:
            logger.warning("Redis does not answer; configuration comes from the database until it does: %s", exc)
        _is_silent = True
        return None
    if _is_silent:
        logger.info("Redis answers again.")
    _is_silent = False
    return answer


_is_silent = False
_servers: dict[str, "redis.Redis"] = {}


def _server() -> "redis.Redis":
    # A frozen server costs 0.2 s and no more: no retries, short timeouts.
    if settings.REDIS_URL not in _servers:
        _servers[settings.REDIS_URL] = redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=0.2, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0)
        )
    return _servers[settings.REDIS_URL]
