"""Claims in files of a folder, for the processes of one machine: of all that ask at the same time one has it, for so long.

A claim is a file whose time of change is the time at which it ends. Whoever reads or moves that time holds a lock on the file
(flock), which the kernel takes back from a process that dies. A deleted file may still be held by somebody who opened it before;
so after locking, everybody looks whether it still has a name.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path

SUFFIX = ".claim"


def claim(folder: Path, what: str, seconds: float) -> bool:
    """Whether nobody has it, so that we have it from now on. Raises OSError."""
    # Names of models hold slashes, and may be longer than a file's.
    file = folder / f"{blake2b(what.encode(), digest_size=16).hexdigest()}{SUFFIX}"
    try:
        with _held(file, os.O_CREAT) as (descriptor, until):
            now = time.time()
            if until > now:
                return False
            os.utime(descriptor, (now + seconds,) * 2)
            return True
    except (BlockingIOError, FileNotFoundError):
        return False  # somebody else claims it at this moment


def drop_ended(folder: Path, kept_seconds: float) -> None:
    """Delete the claims that ended so long ago. Raises nothing: what cannot be deleted harms nobody."""
    for file in folder.glob(f"*{SUFFIX}"):
        with suppress(OSError), _held(file) as (_, until):
            if time.time() - until > kept_seconds:
                file.unlink()


@contextmanager
def _held(file: Path, flags: int = 0) -> Iterator[tuple[int, float]]:
    """A locked file's descriptor, and when its claim ends. Raises BlockingIOError, or FileNotFoundError if it was just deleted."""
    descriptor = os.open(file, os.O_RDWR | flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        facts = os.fstat(descriptor)
        if not facts.st_nlink:
            raise FileNotFoundError(file)
        yield descriptor, facts.st_mtime
    finally:
        os.close(descriptor)
