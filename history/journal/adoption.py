"""Taking over what a dead process left: what is not in the database yet, and requests that never came to an end.

The end of an unfinished request is written into the dead one's own journal, then carried to the database like any other.
So whoever takes over next, should we die at it, finds it there; and as every row is inserted once, by its request's id, two
who take over the same (which the locks forbid) would still write it once.
"""

import os
from collections.abc import Iterable, Sequence

import msgspec

from history.batch import Place
from history.interrupted import Unfinished
from history.journal.homes import DONE, PENDING, Home
from history.journal.segments import Segment, every_line
from history.lines import Kind, Named, Tried, end_line
from history.records import Begun


def adopted(home: Home) -> list[Segment]:
    """The segments of a dead process, every request in them ended. Raises OSError."""
    numbers = home.numbers(PENDING)
    if not numbers:
        return []
    last_sign = max(home.path_of(number).stat().st_mtime for number in numbers)
    if unfinished := _unfinished(home, numbers):
        numbers.append(_end(home, unfinished, last_sign))
    return [
        Segment(
            name=home.name_of(number),
            path=home.path_of(number),
            size=home.path_of(number).stat().st_size,
            is_closed=True,
            is_adopted=True,
        )
        for number in numbers
    ]


def _unfinished(home: Home, numbers: Sequence[int]) -> list[Unfinished]:
    found: dict[str, Unfinished] = {}
    for number in numbers:
        for line in every_line(home.path_of(number)):
            if line.kind is not None:
                _take_in(line.kind, line.content, found)
    return list(found.values())


def _take_in(kind: Kind, content: bytes, found: dict[str, Unfinished]) -> None:
    match kind:
        case Kind.BEGIN:
            begun = msgspec.json.decode(content, type=Begun)
            found.setdefault(begun.id, Unfinished(begun))
        case Kind.ATTEMPT:
            tried = msgspec.json.decode(content, type=Tried)
            if tried.id in found:
                found[tried.id].learn(tried.attempt)
        case Kind.END:
            found.pop(msgspec.json.decode(content, type=Named).id, None)


def _end(home: Home, unfinished: Sequence[Unfinished], last_sign: float) -> int:
    """Write a segment with the ends of these, whole or not at all. Returns its number."""
    number = max(home.numbers(PENDING, DONE)) + 1
    draft = home.path / "ends"
    with draft.open("wb") as file:
        draft.chmod(0o600)
        for one in unfinished:
            file.write(end_line(one.exchange(last_sign)))
        file.flush()
        os.fsync(file.fileno())
    draft.rename(home.path_of(number))
    return number


def stretches(written: Iterable[Place], segment: str) -> list[tuple[int, int]]:
    """Of one segment, in order."""
    return sorted((start, end) for name, start, end in written if name == segment)


def rows_waiting(segment: Segment) -> int:
    """How many of its rows the database does not have. Raises OSError."""
    return sum(
        line.kind is Kind.END and not any(start <= line.start < end for start, end in segment.written)
        for line in every_line(segment.path)
    )
