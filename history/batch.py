"""A batch of history on its way: a stretch of one segment of the journal, and the rows that end in it."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Named by where it stands, so that it can be told apart, noted as written, and read again."""

    segment: str
    """`folder/number`, as history/journal/homes.py names it."""
    start: int
    end: int
    """Offsets; the stretch may also hold lines that are no rows."""
    count: int
    """Of rows."""

    @property
    def id(self) -> str:
        return f"{self.segment}:{self.start}-{self.end}"

    @property
    def place(self) -> "Place":
        return (self.segment, self.start, self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch(Stretch):
    """One that was read."""

    rows: str
    """A JSON array of history.records.Exchange. Text as it stood in the journal: the gateway's process decodes none of it."""
    damaged: int = 0
    """Lines that could not be read."""


class Note(NamedTuple):
    """What the database tells of a batch that it has."""

    rejected: int = 0
    """Rows that went to quarantine."""
    damaged: int = 0
    """Lines that whoever wrote it could not read."""


Place = tuple[str, int, int]
"""segment, start, end"""
