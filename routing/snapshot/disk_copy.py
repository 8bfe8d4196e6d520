"""The last value that this machine took over, in PLEXUS_DATA_DIR: what a process starts with while all else is down.

Readable by its owner alone, and replaced whole. Credentials in it are sealed, as they are in the database. None of these
raises: a disk that cannot be written costs the copy and nothing else. All processes of a machine share one.
"""

import logging
import os
import threading
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from routing.snapshot.seal import NotOurs, sealed_version

logger = logging.getLogger(__name__)
CONFIRM_EVERY_SECONDS = 30.0
HEAD_BYTES = 200
_complained: set[str] = set()


def version(subject: str) -> int | None:
    """The version of the copy, as it claims itself."""
    try:
        with _file(subject).open("rb") as file:
            return sealed_version(file.readline(HEAD_BYTES), subject)
    except (OSError, NotOurs):
        return None


def value(subject: str) -> bytes | None:
    """The sealed text."""
    try:
        return _file(subject).read_bytes()
    except OSError:
        return None


def keep(subject: str, version_kept: int, sealed: bytes) -> None:
    """Put the copy there, unless another process of this machine already did."""
    if version(subject) == version_kept:
        return
    file = _file(subject)
    draft = file.with_name(f"{file.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as writing:
            writing.write(sealed)
            writing.flush()
            os.fsync(writing.fileno())  # else a power cut may leave the new name on an empty file
        draft.replace(file)
    except OSError as exc:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        _complain_once(subject, exc)


def confirm(subject: str, now: float) -> None:
    """Note that the copy is still the newest there is: its age is told by the file's time."""
    with suppress(OSError):
        file = _file(subject)
        if now - file.stat().st_mtime > CONFIRM_EVERY_SECONDS:
            os.utime(file, (now, now))


def confirmed_at(subject: str) -> float:
    """When the copy was last known to be the newest, in seconds since the epoch; 0 where there is none."""
    try:
        return _file(subject).stat().st_mtime
    except OSError:
        return 0.0


def forget(subject: str) -> None:
    """Take the copy away."""
    with suppress(OSError):
        _file(subject).unlink(missing_ok=True)


def _file(subject: str) -> Path:
    return Path(settings.DATA_DIR) / f"{subject}.last_known_good"


def _complain_once(subject: str, exc: OSError) -> None:
    if subject not in _complained:
        _complained.add(subject)
        logger.warning("The %s cannot be kept in PLEXUS_DATA_DIR (%s): %s", subject, settings.DATA_DIR, exc.strerror)
