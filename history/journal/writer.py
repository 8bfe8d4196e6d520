"""Appending to the journal: one write for each line, so that a killed process leaves at most one torn line, its last.

Called from the threads that serve requests. Nothing here waits for the disk, unless PLEXUS_JOURNAL_SYNC says `line`:
what the system has taken outlives the process; `sync`, once a second from another thread, is for a machine that dies.
"""

import errno
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from history.journal.homes import Home, new_home

SEGMENT_BYTES = 8 * 1024 * 1024
SEGMENT_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """What stands in one of our segments."""

    number: int
    size: int
    """To the end of the last complete line."""
    ended: int
    """Requests whose end stands here."""
    is_closed: bool
    unfinished: int
    """Requests that began here and have not ended yet."""


class Writer:
    """The journal of this process. Every method may be called from any thread, and raises OSError when the disk will not."""

    def __init__(
        self,
        root: Path,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        segment_seconds: float = SEGMENT_SECONDS,
        syncs_each_line: bool = False,
    ) -> None:
        self.root = root
        self.home: Home | None = None
        self.is_full = False
        """All journals together are as large as they may be: what is begun may end, nothing begins."""
        self._segment_bytes = segment_bytes
        self._segment_seconds = segment_seconds
        self._syncs_each_line = syncs_each_line
        self.ended = 0
        """Requests whose end stands here."""
        self._lock = threading.Lock()
        self._file = -1
        self._number = 0
        self._size = 0
        self._opened_at = 0.0
        self._must_rotate = True
        self._is_over = False
        self._unsynced: list[int] = []
        """Files of closed segments, which `sync` closes once the disk has them."""
        self._is_dirty = False
        self._ended_before = 0
        """Of `ended`, how many stand in earlier segments."""
        self._closed: dict[int, tuple[int, int]] = {}
        """Closed segments: how much stands in them, and how many ends of requests."""
        self._open: dict[str, tuple[int, ...]] = {}
        """Requests that have not ended, and the segments that tell of them."""
        self._open_in: dict[int, int] = {}

    # Writing

    def begin(self, request_id: str, line: bytes) -> None:
        with self._lock:
            if self.is_full:
                raise self._fullness()
            self._append(line)
            self._open[request_id] = (self._number,)
            self._open_in[self._number] += 1

    def note(self, request_id: str, line: bytes) -> None:
        """Something about a request that has begun."""
        with self._lock:
            self._append(line)
            places = self._open.get(request_id)
            if places is not None and self._number not in places:
                self._open[request_id] = (*places, self._number)
                self._open_in[self._number] += 1

    def end(self, request_id: str, line: bytes) -> None:
        with self._lock:
            places = self._open.pop(request_id, ())
            for number in places:
                self._open_in[number] -= 1
            if self.is_full and not places:
                raise self._fullness()
            self._append(line)
            self.ended += 1

    def carry(self, request_id: str, lines: Sequence[bytes], number: int) -> None:
        """Say again what segment `number` tells of a request, unless it has ended: so that the segment can go."""
        with self._lock:
            places = self._open.get(request_id, ())
            if number not in places:
                return
            for line in lines:
                self._append(line)
            self._open[request_id] = (*(place for place in places if place not in (number, self._number)), self._number)
            self._open_in[number] -= 1
            self._open_in[self._number] += self._number not in places

    def _fullness(self) -> OSError:
        return OSError(errno.EDQUOT, "The journal is as large as PLEXUS_JOURNAL_MAX_BYTES allows")

    def _append(self, line: bytes) -> None:
        if self._must_rotate or self._size >= self._segment_bytes:
            self._rotate()
        try:
            written = os.write(self._file, line)
            if written < len(line):
                os.ftruncate(self._file, self._size)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            # Another file may have room where this one has not. An empty one stays: on a full disk it would be one a line.
            self._must_rotate = self._size > 0
            raise
        self._size += written
        self._is_dirty = True
        if self._syncs_each_line:
            os.fdatasync(self._file)

    def _rotate(self) -> None:
        if self._is_over:
            raise OSError(errno.ESHUTDOWN, "The journal of this process is closed")
        if self.home is None:
            self.home = new_home(self.root)
        number = self._number + 1
        file = os.open(self.home.path_of(number), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._close_segment()
        self._file, self._number, self._size, self._opened_at = file, number, 0, time.monotonic()
        self._open_in[number] = 0
        self._must_rotate = False

    def _close_segment(self) -> None:
        if self._file >= 0:
            self._closed[self._number] = (self._size, self.ended - self._ended_before)
            self._ended_before = self.ended
            self._unsynced.append(self._file)
            self._file = -1

    # Beside the requests

    def sync(self) -> None:
        """Let the disk have all that was written. Takes as long as the disk does; for one thread of its own."""
        with self._lock:
            finished, self._unsynced = self._unsynced, []
            current = self._file if self._is_dirty else -1
            self._is_dirty = False
            if self._size and time.monotonic() - self._opened_at > self._segment_seconds:
                self._must_rotate = True
        for file in finished:
            try:
                os.fdatasync(file)
            finally:
                os.close(file)
        if current >= 0:
            os.fdatasync(current)

    def extents(self) -> list[Extent]:
        """Our segments that nobody has forgotten, in order."""
        with self._lock:
            found = [
                Extent(number=number, size=size, ended=ended, is_closed=True, unfinished=self._open_in[number])
                for number, (size, ended) in self._closed.items()
            ]
            if self._file >= 0:
                found.append(
                    Extent(
                        number=self._number,
                        size=self._size,
                        ended=self.ended - self._ended_before,
                        is_closed=False,
                        unfinished=self._open_in[self._number],
                    )
                )
            return found

    def unfinished_in(self, number: int) -> set[str]:
        """Ids of the requests that a segment tells of, and that have not ended."""
        with self._lock:
            return {request_id for request_id, places in self._open.items() if number in places}

    def forget(self, number: int) -> None:
        """A closed segment whose rows are in the database."""
        with self._lock:
            del self._closed[number], self._open_in[number]

    def close_segment(self) -> None:
        """Begin another segment with the next line."""
        with self._lock:
            self._close_segment()
            self._must_rotate = True

    def close(self) -> None:
        """Write no more, and let the next process have what is not in the database."""
        self.close_segment()
        self.sync()
        with self._lock:
            self._is_over = True
            home, self.home = self.home, None
        if home is not None:
            home.remove()
