"""One quickstart per data folder: a second would lead the demo's provider to its own demo upstream, which ends with it.

PLEXUS_DATA_DIR/quickstart.lock is locked (flock) for as long as one runs; the kernel takes the lock back from a process that dies.
What stands in the file is for whoever finds it locked: the process, and the address where it serves.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILE = "quickstart.lock"


class RunsAlready(Exception):
    """A quickstart runs on this folder. The message says where, and what can be done."""


class Turn:
    """That of the only one."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def serves_at(self, url: str) -> None:
        """Tell whoever comes next. At first it is told the process alone."""
        os.truncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{url} {os.getpid()}".strip().encode(), 0)


@contextmanager
def only_one(folder: Path) -> Iterator[Turn]:
    """Raises RunsAlready; OSError where the folder cannot be written."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor)
        turn = Turn(descriptor)
        turn.serves_at("")
        yield turn
    finally:
        os.close(descriptor)  # and with it the lock


def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        raise RunsAlready(_where(os.pread(descriptor, 1000, 0).decode(errors="replace"))) from exc
    except OSError:
        pass  # A file system without locks. Two at once are rare.


def _where(told: str) -> str:
    url, _, process = told.rpartition(" ")
    known = ", ".join([*([url] if url else []), *([f"process {process}"] if process else [])])
    return (
        f"Plexus runs already on this data directory{f' ({known})' if known else ''}. "
        "Open it, stop it, or set PLEXUS_DATA_DIR to another folder."
    )
