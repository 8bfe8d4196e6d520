"""Letters in files of the data folder, for the processes of one machine: `<teller>.word` and `<teller>.sheet`.

A file's time is its lease. Written aside and renamed, so nobody reads half a letter; never synced, for after a power cut all
of it is out of date. A process with nothing to tell writes nothing.
"""

import logging
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from gateway.health.letters import Sheet, Word
from gateway.health.sealed import read_sheet, read_word, sealed_sheet, sealed_word
from gateway.health.store import LEASE_SECONDS, claims

logger = logging.getLogger(__name__)
R = TypeVar("R")
KEPT_SECONDS = 60.0
"""So much later what a dead process left, and what has ended, is deleted."""


class FolderPost:
    """See gateway.health.store.Post."""

    def __init__(self, folder: Path, *, key: str) -> None:
        self._folder = folder
        self._key = key
        self._has_complained = False
        self._tidied_at = 0.0

    def words(self, *, but_of: str) -> Mapping[str, Word] | None:
        self._tidy()
        return self._letters(".word", but_of, read_word)

    def sheets(self, *, but_of: str) -> Mapping[str, Sheet] | None:
        return self._letters(".sheet", but_of, read_sheet)

    def lay(self, teller: str, word: Word, sheet: Sheet | None) -> None:
        self._lay(f"{teller}.word", None if word.is_empty else sealed_word(word, self._key))
        if sheet is not None:
            self._lay(f"{teller}.sheet", None if sheet.is_empty else sealed_sheet(sheet, self._key))

    def take_away(self, teller: str) -> None:
        for suffix in (".word", ".sheet"):
            self._remove(self._folder / f"{teller}{suffix}")

    def claim(self, what: str, seconds: float) -> bool:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return claims.claim(self._folder, what, seconds)
        except OSError:
            return False

    def _letters(self, suffix: str, but_of: str, read: Callable[[bytes, str], R | None]) -> Mapping[str, R]:
        found: dict[str, R] = {}
        for file in sorted(self._folder.glob(f"*{suffix}")):
            age_seconds = time.time() - _written_at(file)
            if age_seconds > KEPT_SECONDS:
                self._remove(file)
            if file.stem == but_of or age_seconds > LEASE_SECONDS:
                continue
            with suppress(OSError):  # its process has just ended
                letter = read(file.read_bytes(), self._key)
                if letter is not None:
                    found[file.stem] = letter
        return found

    def _tidy(self) -> None:
        """Now and then delete what nobody else does: claims that have ended, drafts of processes that were killed."""
        now = time.time()
        if now - self._tidied_at < KEPT_SECONDS:
            return
        self._tidied_at = now
        claims.drop_ended(self._folder, KEPT_SECONDS)
        for draft in self._folder.glob("*.draft"):
            if now - _written_at(draft) > KEPT_SECONDS:
                self._remove(draft)

    def _lay(self, name: str, sealed: bytes | None) -> None:
        if sealed is None:
            self._remove(self._folder / name)
            return
        draft = self._folder / f"{name}.draft"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as writing:
                writing.write(sealed)
            draft.replace(self._folder / name)
        except OSError as exc:
            self._complain_once(exc)

    def _remove(self, file: Path) -> None:
        with suppress(OSError):
            file.unlink(missing_ok=True)

    def _complain_once(self, exc: OSError) -> None:
        if not self._has_complained:
            self._has_complained = True
            logger.warning("Other processes of this machine are not told of upstreams (%s): %s", self._folder, exc)


def _written_at(file: Path) -> float:
    """Seconds since the epoch; 0 where it is not there."""
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
