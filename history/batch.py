"""A batch of history on its way: a stretch of one segment of the journal, and the rows that end in it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Named by where it stands, so that it can be told apart, noted as written, and read again."""

    segment: str
    """`folder/number`, as history/journal/homes.py names it."""
    start: int
    end: int
    """Offsets; the stretch may also hold lines that are no rows."""
    rows: str
    """A JSON array of history.records.Exchange. Text as it stood in the journal: the gateway's process decodes none of it."""
    count: int
    """Of rows."""

    @property
    def id(self) -> str:
        return f"{self.segment}:{self.start}-{self.end}"

    @property
    def place(self) -> "Place":
        return (self.segment, self.start, self.end)


Place = tuple[str, int, int]
"""segment, start, end"""
