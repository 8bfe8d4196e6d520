"""Letters in Redis: a key for each, with a time to live, and a set of the tellers' names.

A set rather than SCAN, which would walk past all keys of whoever else uses this Redis. Tellers whose letters are gone are
taken out of it by whoever notices.
"""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from gateway.health.letters import Sheet, Word
from gateway.health.sealed import read_sheet, read_word, sealed_sheet, sealed_word
from gateway.health.store import LEASE_SECONDS

logger = logging.getLogger(__name__)
R = TypeVar("R")
TELLERS = "plexus:health:tellers"
ANSWER_SECONDS = 0.2
REST_SECONDS = 1.0
"""After it did not answer."""


class RedisPost:
    """See gateway.health.store.Post."""

    def __init__(self, url: str, *, key: str) -> None:
        self._key = key
        # No retries and short timeouts: a frozen server costs one timeout and no more.
        self._server: Any = redis.Redis.from_url(  # Any: redis-py types each answer as one that might be awaited
            url,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._rests_until = 0.0

    def words(self, *, but_of: str) -> Mapping[str, Word] | None:
        return self._or_none(lambda: self._letters("word", but_of, read_word))

    def sheets(self, *, but_of: str) -> Mapping[str, Sheet] | None:
        return self._or_none(lambda: self._letters("sheet", but_of, read_sheet))

    def lay(self, teller: str, word: Word, sheet: Sheet | None) -> None:
        def ask() -> None:
            lines = self._server.pipeline(transaction=False)
            lines.sadd(TELLERS, teller)
            # An empty word too: it says that its teller lives.
            lines.set(_name("word", teller), sealed_word(word, self._key), px=int(LEASE_SECONDS * 1000))
            if sheet is not None and not sheet.is_empty:
                lines.set(_name("sheet", teller), sealed_sheet(sheet, self._key), px=int(LEASE_SECONDS * 1000))
            elif sheet is not None:
                lines.delete(_name("sheet", teller))
            lines.execute()

        self._or_none(ask)

    def take_away(self, teller: str) -> None:
        def ask() -> None:
            lines = self._server.pipeline(transaction=False)
            lines.srem(TELLERS, teller)
            lines.delete(_name("word", teller), _name("sheet", teller))
            lines.execute()

        self._or_none(ask)

    def claim(self, what: str, seconds: float) -> bool:
        claimed = self._or_none(
            lambda: bool(self._server.set(_name("claimed", what), 1, nx=True, px=int(seconds * 1000)))
        )
        return claimed is True

    def _letters(self, kind: str, but_of: str, read: Callable[[bytes, str], R | None]) -> dict[str, R]:
        tellers = sorted(name.decode() for name in self._server.smembers(TELLERS) if name != but_of.encode())
        if not tellers:
            return {}
        laid = dict(zip(tellers, self._server.mget([_name(kind, teller) for teller in tellers]), strict=True))
        gone = [teller for teller, sealed in laid.items() if sealed is None]
        if gone and kind == "word":
            self._server.srem(TELLERS, *gone)  # one that lives after all enters itself again with its next letter
        found = {teller: read(sealed, self._key) for teller, sealed in laid.items() if sealed is not None}
        return {teller: letter for teller, letter in found.items() if letter is not None}

    def _or_none(self, ask: Callable[[], R]) -> R | None:
        """What Redis answers; None when it is dead, frozen, or holds nonsense."""
        if time.monotonic() < self._rests_until:
            return None
        try:
            answer = ask()
        except (redis.RedisError, OSError, ValueError) as exc:
            if not self._rests_until:
                logger.warning("Redis does not answer: each process goes by what it sees of upstreams itself: %s", exc)
            self._rests_until = time.monotonic() + REST_SECONDS
            return None
        if self._rests_until:
            logger.info("Redis answers again: processes tell each other of upstreams.")
        self._rests_until = 0.0
        return answer


def _name(what: str, whose: str) -> str:
    return f"plexus:health:{what}:{whose}"
