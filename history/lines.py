"""The lines of the journal: `crc32 length payload`, so that a torn or damaged one is noticed and the others are not.

    3f2a9c01 00001f {"begin":{"id":"0199…",…}}      before the first upstream is asked
    90c2be77 00002c {"attempt":{"id":"0199…",…}}    a try, when it ends and when the next one begins; the last word counts
    5d1180fe 000034 {"end":{"id":"0199…",…}}        the whole Exchange

A payload is an object with one name, the kind, so that a line's kind is known without decoding it. Checksum and length are
hexadecimal, of fixed width: what they must be is compared as bytes.

A line is written in the thread that serves requests, so it is one encoding, and no text is looked at. Only one that cannot be
encoded, or that is longer than LONGEST_BYTES, is made again of shorter, clean texts.
"""

import zlib
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec

from history.records import Attempt, Begun, Exchange, Record
from history.rows import clean

LONGEST_BYTES: Final = 4096
"""Of a payload. Longer only where even short texts take more, for there are so many tries to tell of."""
KEPT_CHARACTERS: Final = (2000, 256, 64, 16)
"""Of each text in a line that was too long: the first of these with which it is not."""
HEADER_BYTES: Final = 16
LINES_AT_ONCE: Final = 128
"""A fifth of a millisecond."""


class Kind(StrEnum):
    BEGIN = "begin"
    ATTEMPT = "attempt"
    END = "end"


class Tried(Record, frozen=True):
    """The content of an `attempt` line."""

    id: str
    """The request's."""
    attempt: Attempt


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
_crc32 = zlib.crc32
_OPENINGS: Final = {kind: f'{{"{kind}":'.encode() for kind in Kind}
_BEGIN, _ATTEMPT, _END = (_OPENINGS[kind] for kind in (Kind.BEGIN, Kind.ATTEMPT, Kind.END))


def line(kind: Kind, content: bytes) -> bytes:
    """`content` (one JSON value) as a line of the journal."""
    payload = b"%b%b}" % (_OPENINGS[kind], content)
    return b"%08x %06x %b\n" % (_crc32(payload), len(payload), payload)


def _line_of(opening: bytes, record: Record) -> bytes:
    """Raises nothing, whatever a client calls its model."""
    try:
        content = _encode(record)
    except UnicodeEncodeError:
        content = _shortened(record)
    else:
        if len(content) > LONGEST_BYTES:
            content = _shortened(record)
    payload = b"%b%b}" % (opening, content)  # as `line`, without calling it: this is done twice for each request
    return b"%08x %06x %b\n" % (_crc32(payload), len(payload), payload)


begin_line: Final[Callable[[Begun], bytes]] = partial(_line_of, _BEGIN)
end_line: Final[Callable[[Exchange], bytes]] = partial(_line_of, _END)


def attempt_line(request_id: str, attempt: Attempt) -> bytes:
    return _line_of(_ATTEMPT, Tried(request_id, attempt))


def _shortened(record: Record) -> bytes:
    for longest in KEPT_CHARACTERS:
        content = _encode(_clean(record, longest))
        if len(content) <= LONGEST_BYTES:
            break
    return content


def _clean(value: Any, longest: int) -> Any:  # Any: a value of any field, of the type that it came in
    """The same with all texts in it fit for UTF-8, and of at most so many characters."""
    if type(value) is str:  # a member of an enumeration is none that could be cut
        return clean(value, longest)
    if isinstance(value, tuple):
        return tuple(_clean(item, longest) for item in value)
    if isinstance(value, Record):
        names = (name for name in value.__struct_fields__ if name != "id")  # ours, and whole or worth nothing
        return msgspec.structs.replace(value, **{name: _clean(getattr(value, name), longest) for name in names})
    return value


def lines_in(data: bytes, at: int) -> Iterator[Line]:
    """The complete lines of `data`, which begins at offset `at` of its file; what follows the last newline is not one yet."""
    *complete, _ = data.split(b"\n")
    for text in complete:
        end = at + len(text) + 1
        if text:
            yield _line(text, at, end)
        at = end


def _line(text: bytes, start: int, end: int) -> Line:
    payload = _payload(text)
    for kind, opening in _OPENINGS.items():
        if payload.startswith(opening):
            return Line(start, end, payload[len(opening) : -1], kind)
    return Line(start, end, b"", None)


def _payload(text: bytes) -> bytes:
    """Of a line without its newline. Empty: it is damaged."""
    payload = text[HEADER_BYTES:]
    return payload if text[:HEADER_BYTES] == b"%08x %06x " % (_crc32(payload), len(payload)) else b""


class Ends(NamedTuple):
    """What the `end` lines of a stretch tell."""

    rows: list[bytes]
    """The content of each."""
    end: int
    """Offset of the byte after the last line that was looked at."""
    damaged: list[tuple[int, int]]
    """Where lines stand that cannot be read."""


def ends_in(data: bytes, at: int, most: int, let_others_run: Callable[[], object] = lambda: None) -> Ends:
    """At most so many `end` lines of `data`, as lines_in; without making a Line of each.

    It runs in the process that serves requests, which cannot go on meanwhile: after every LINES_AT_ONCE it lets them.
    """
    *complete, _ = data.split(b"\n")
    rows: list[bytes] = []
    damaged: list[tuple[int, int]] = []
    opening = len(_END)
    for number, text in enumerate(complete):
        if number % LINES_AT_ONCE == LINES_AT_ONCE - 1:
            let_others_run()
        start, at = at, at + len(text) + 1
        payload = text[HEADER_BYTES:]  # as _payload, without calling it
        if text[:HEADER_BYTES] != b"%08x %06x " % (_crc32(payload), len(payload)):
            if text:
                damaged.append((start, at))
        elif payload.startswith(_END):
            rows.append(payload[opening:-1])
            if len(rows) == most:
                break
        elif not payload.startswith((_BEGIN, _ATTEMPT)):
            damaged.append((start, at))
    return Ends(rows, at, damaged)
