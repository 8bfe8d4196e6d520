"""Where journals live: a folder for each process, which holds its lock as long as it lives.

    PLEXUS_DATA_DIR/journal/
        0199a3c2f1e0-4711-9f3e/     made by one process
            lock                    flock'd by it; free: it is dead, and whoever takes the lock takes over
            000001.journal          a segment that is not known to be in the database to its end
            000001.done             one that is: kept for a while, for the day when a database is put back from a backup

A name never comes again, so a place in the journal (`folder/number`, offset) names the same line for ever.
"""

import contextlib
import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PENDING, DONE = ".journal", ".done"
LOCK = "lock"
UNFINISHED = ".new-"
"""How the name of a folder begins until it is locked: nobody may take it for a dead one's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A folder whose lock is ours."""

    path: Path
    lock: int
    """The file descriptor that holds it."""

    def name_of(self, number: int) -> str:
        """Of a segment, as batches and the database know it."""
        return f"{self.path.name}/{number:06d}"

    def path_of(self, number: int) -> Path:
        return self.path / f"{number:06d}{PENDING}"

    def numbers(self, *suffixes: str) -> list[int]:
        """Of the segments that are there, in order."""
        return sorted(
            int(path.stem) for path in self.path.iterdir() if path.suffix in suffixes and path.stem.isdecimal()
        )

    def leave(self) -> None:
        """Give up the lock. What is there waits for the next."""
        os.close(self.lock)

    def remove(self) -> None:
        """Give it up for good. Does nothing but leave where there is still a segment."""
        with contextlib.suppress(OSError):
            if not self.numbers(PENDING, DONE):
                (self.path / LOCK).unlink()
                self.path.rmdir()
        self.leave()


def new_home(root: Path) -> Home:
    """Raises OSError."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{int(time.time() * 1000):012x}-{os.getpid()}-{secrets.token_hex(2)}"
    draft = root / f"{UNFINISHED}{name}"
    draft.mkdir(mode=0o700)
    lock = os.open(draft / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return Home(path=draft.rename(root / name), lock=lock)
    except OSError:
        os.close(lock)
        raise


def abandoned_homes(root: Path) -> Iterator[Home]:
    """Those whose process is dead, locked by us one after another. Whoever asks at the same time gets others."""
    if not root.is_dir():
        return
    for path in sorted(root.iterdir()):
        if not path.name.startswith(UNFINISHED) and (lock := _free_lock(path)) is not None:
            yield Home(path=path, lock=lock)


def _free_lock(path: Path) -> int | None:
    try:
        lock = os.open(path / LOCK, os.O_RDWR)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Somebody may have removed the folder between our two steps; then we hold the lock of nothing.
        if (path / LOCK).stat().st_ino == os.fstat(lock).st_ino:
            return lock
    except OSError:
        pass
    os.close(lock)
    return None


def tidy(root: Path, *, keep_seconds: float, max_bytes: int, now: float) -> int:
    """Delete segments that are done and past their time, and more of them while all together are larger than `max_bytes`.

    Returns the bytes that are left. `now`: seconds since the epoch.
    """
    total, done = 0, []
    for path in root.glob("*/*"):
        with contextlib.suppress(OSError):  # another process tidies too
            facts = path.stat()
            total += facts.st_size
            if path.suffix == DONE:
                done.append((facts.st_mtime, facts.st_size, path))
    for modified, size, path in sorted(done):
        if modified < now - keep_seconds or total > max_bytes:
            with contextlib.suppress(OSError):
                path.unlink()
                total -= size
    return total
