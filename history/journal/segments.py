"""Cutting batches out of a segment, our own or one that a dead process left."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from history.batch import Batch, Place, Stretch
from history.lines import Line, ends_in, lines_in

CHUNK_BYTES = 1024 * 1024
"""What is read at a time. Longer than any line."""
ALL = sys.maxsize
"""Rows."""
PAUSE_SECONDS = 0.0002
"""No pause at all would do nothing: who lets go for no time has its turn again before another thread has woken."""


@dataclass(slots=True, kw_only=True)
class Segment:
    """A segment, and how far it is on its way."""

    name: str
    """`folder/number`"""
    path: Path
    size: int = 0
    ended: int = 0
    """Rows in it, of one that this process writes."""
    is_closed: bool = False
    cut_to: int = 0
    """Up to here it has been cut into batches."""
    cut_rows: int = 0
    """So many rows were in those."""
    written: list[tuple[int, int]] = field(default_factory=list)
    """Stretches that the database had when we took the segment over, in order."""
    under_way: dict[Place, "Sent"] = field(default_factory=dict)
    is_adopted: bool = False
    damaged: int = 0
    """Lines that could not be read."""
    _damaged_to: int = 0

    @property
    def is_delivered(self) -> bool:
        """Whether the database has all of it."""
        return self.is_closed and self.cut_to >= self.size and not self.under_way

    def rest(self) -> Stretch:
        """All that follows `cut_to`, which nobody looks at here: whoever wrote it has counted. May be empty."""
        count = self.ended - self.cut_rows
        return Stretch(segment=self.name, start=self.cut_to, end=self.size, count=count)

    def advance(self, taken: Stretch) -> None:
        """Somebody has it, or there is nothing in it."""
        self.cut_to = taken.end
        self.cut_rows += taken.count

    def next_batch(self, most_rows: int) -> Batch | None:
        """What follows `cut_to`; None when there is nothing. Raises OSError. `advance` when somebody has taken it."""
        start, stop = self._gap()
        if start >= stop:
            self.cut_to = start
            return None
        data = read(self.path, start, min(stop, start + CHUNK_BYTES))
        rows, end, damaged = ends_in(data, start, most_rows, let_others_run)
        for place in damaged:
            self._note_damage(*place)
        if end == start:  # no newline to the end: a torn last line, or a damaged one longer than any of ours
            end = min(stop, start + CHUNK_BYTES)
            self._note_damage(start, end)
        rows_text = _array_of(rows)
        return Batch(segment=self.name, start=start, end=end, rows=rows_text, count=len(rows), damaged=len(damaged))

    def _note_damage(self, start: int, end: int) -> None:
        """Once for each line, however often a batch is cut before somebody takes it."""
        if start >= self._damaged_to:
            self.damaged += 1
            self._damaged_to = end

    def _gap(self) -> tuple[int, int]:
        """The next stretch that is neither cut nor written."""
        start, stop = self.cut_to, self.size
        for first, last in self.written:
            if first <= start < last:
                start = last
            elif first > start:
                stop = min(stop, first)
        return start, stop

    def again(self, place: Place, pause: Callable[[], object] = lambda: None) -> Batch:
        """A batch that was cut before, here or elsewhere. Raises OSError. `pause`: called every now and then."""
        _, start, end = place
        rows, _, damaged = ends_in(read(self.path, start, end), start, ALL, pause)
        rows_text = _array_of(rows)
        return Batch(segment=self.name, start=start, end=end, rows=rows_text, count=len(rows), damaged=len(damaged))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A batch that the broker has taken, and of which the database does not tell yet."""

    count: int
    since: float
    """When the oldest of its rows was recorded; this and the next by the monotonic clock."""
    sent_at: float
    is_unread: bool
    """Whether nobody here has looked at it, and who writes it tells of damaged lines first."""


def every_line(path: Path) -> Iterator[Line]:
    """The complete lines of a file, damaged ones included. Raises OSError."""
    at, size = 0, path.stat().st_size
    while at < size:
        stop, began = min(size, at + CHUNK_BYTES), at
        for line in lines_in(read(path, at, stop), at):
            at = line.end
            yield line
        if at == began:
            at = stop


def read(path: Path, start: int, stop: int) -> bytes:
    file = os.open(path, os.O_RDONLY)
    try:
        return os.pread(file, stop - start, start)
    finally:
        os.close(file)


def let_others_run() -> None:
    """Else every request of the process waits until a whole batch is cut: only one thread runs Python at a time."""
    time.sleep(PAUSE_SECONDS)


def _array_of(rows: list[bytes]) -> str:
    return (b"[%b]" % b",".join(rows)).decode()
