"""The lines of the journal: `crc32 length payload`, so that a torn or damaged one is noticed and the others are not.

    3f2a9c01 31 {"begin":{"id":"0199…",…}}      before the first upstream is asked
    90c2be77 44 {"attempt":{"id":"0199…",…}}    a try, when it ends and when the next one begins; the last word counts
    5d1180fe 52 {"end":{"id":"0199…",…}}        the whole row, as history/rows.py makes it

A payload is an object with one name, the kind, so that a line's kind is known without decoding it.
"""

import zlib
from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from history.records import Attempt, Begun, Exchange
from history.rows import AttemptRow, Row, attempt_row, clean, row_of


class Kind(StrEnum):
    BEGIN = "begin"
    ATTEMPT = "attempt"
    END = "end"


class Tried(msgspec.Struct, frozen=True):
    """The content of an `attempt` line."""

    id: str
    """The request's."""
    attempt: AttemptRow


class Named(msgspec.Struct, frozen=True):
    """All that is wanted of an `end` line to know which request is over."""

    id: str


class Line(NamedTuple):
    """One line of a file. A tuple, since half a million may be walked at a time."""

    start: int
    """Offset in the file."""
    end: int
    """Of the byte after it."""
    content: bytes
    """JSON, without its kind around it. Empty: the line is damaged."""
    kind: Kind | None


_encode = msgspec.json.Encoder().encode
_OPENINGS: Final = {kind: f'{{"{kind}":'.encode() for kind in Kind}


def begin_line(begun: Begun) -> bytes:
    """Raises nothing, whatever a client calls its model."""
    try:
        return line(Kind.BEGIN, _encode(begun))
    except UnicodeEncodeError:
        return line(
            Kind.BEGIN, _encode(msgspec.structs.replace(begun, requested_model=clean(begun.requested_model, 256)))
        )


def attempt_line(request_id: str, attempt: Attempt) -> bytes:
    return line(Kind.ATTEMPT, _encode(Tried(id=request_id, attempt=attempt_row(attempt))))


def end_line(exchange: Exchange) -> bytes:
    return row_line(row_of(exchange))


def row_line(row: Row) -> bytes:
    return line(Kind.END, _encode(row))


def line(kind: Kind, content: bytes) -> bytes:
    """`content` (one JSON value) as a line of the journal."""
    payload = b"%b%b}" % (_OPENINGS[kind], content)
    return b"%08x %d %b\n" % (zlib.crc32(payload), len(payload), payload)


def lines_in(data: bytes, at: int) -> Iterator[Line]:
    """The complete lines of `data`, which begins at offset `at` of its file; what follows the last newline is not one yet."""
    *complete, _ = data.split(b"\n")
    for text in complete:
        end = at + len(text) + 1
        if text:
            yield _line(text, at, end)
        at = end


def _line(text: bytes, start: int, end: int) -> Line:
    checksum, _, rest = text.partition(b" ")
    length, _, payload = rest.partition(b" ")
    if checksum != b"%08x" % zlib.crc32(payload) or length != b"%d" % len(payload):
        return Line(start, end, b"", None)
    for kind, opening in _OPENINGS.items():
        if payload.startswith(opening):
            return Line(start, end, payload[len(opening) : -1], kind)
    return Line(start, end, b"", None)


def rows_in(text: str | bytes) -> list[Row]:
    """The rows of a batch, which is a JSON array of `end` contents."""
    rows: list[Row] = msgspec.json.decode(text)
    return rows
