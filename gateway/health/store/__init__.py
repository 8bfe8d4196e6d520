"""EDGE: where letters lie for the others. In Redis where there is one, else in files of this machine.

Blocking, so never called by the event loop's thread; a dead or frozen Redis costs at most 0.4 s of a thread of its own.
A letter is a lease: it is gone LEASE_SECONDS after it was laid, so a dead process pins nothing.
"""

import os
import secrets
import socket
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from django.conf import settings

from gateway.health.letters import Sheet, Word

LEASE_SECONDS = 5.0


class Post(Protocol):
    """What lies there, by teller."""

    def words(self, *, but_of: str) -> Mapping[str, Word] | None:
        """What all others tell. None: nobody knows, the store does not answer."""

    def sheets(self, *, but_of: str) -> Mapping[str, Sheet] | None: ...

    def lay(self, teller: str, word: Word, sheet: Sheet | None) -> None:
        """In place of the teller's last ones; a sheet of None stays as it was. Raises nothing."""

    def take_away(self, teller: str) -> None:
        """It has ended. Raises nothing."""

    def claim(self, what: str, seconds: float) -> bool:
        """Whether we are the first to claim it within so long. False also where the store does not answer."""


def post_of_settings() -> Post:
    """The same one as long as the settings are the same: it keeps its connection."""
    return _post(settings.REDIS_URL, Path(settings.DATA_DIR) / "health", settings.SECRET_KEY)


@lru_cache(maxsize=4)
def _post(redis_url: str, folder: Path, key: str) -> Post:
    from gateway.health.store.in_folder import FolderPost
    from gateway.health.store.in_redis import RedisPost

    return RedisPost(redis_url, key=key) if redis_url else FolderPost(folder, key=key)


def new_teller(what: str = "") -> str:
    """A name that never comes again: `web-1:4711:9f3ea02b`. Events are believed once per teller and number."""
    return ":".join(part for part in (what, socket.gethostname(), str(os.getpid()), secrets.token_hex(4)) if part)
