"""Rows: the Exchanges of a batch, as they are read for the database.

What cannot be in a database (a NUL, a text longer than its column) was no concern of the process that served the request. Here it
is mended; nearly always there is nothing to mend, which is known without looking at any text alone.
"""

from typing import Any, Final, NamedTuple

import msgspec

from history.records import Attempt, Exchange, Outcome
from providers.pricing import Price, Usage

JSON_NUL = "\\u0000"

Kind = Exchange | Attempt | Usage | Price
KINDS: Final[tuple[type[Kind], ...]] = (Exchange, Attempt, Usage, Price)
"""What a row is made of."""

_decode = msgspec.json.Decoder(list[Exchange]).decode


class Unreadable(NamedTuple):
    """A row that is none: a value in it is not what it must be."""

    id: str
    text: str
    """As it stood in the journal."""
    reason: str


class Rows(NamedTuple):
    """What was read of a batch."""

    readable: list[Exchange]
    unreadable: list[Unreadable]


class OfAnotherRelease(Exception):
    """A row tells of something that this release does not know. One that knows it will write the row."""


def rows_in(text: str | bytes) -> Rows:
    """The rows of a batch, which is a JSON array of them. Raises OfAnotherRelease, and DecodeError where it is no such array."""
    nul = JSON_NUL if isinstance(text, str) else JSON_NUL.encode()
    if nul not in text:  # type: ignore[operator]  # both are of one type
        try:
            return Rows(_decode(text), [])
        except msgspec.ValidationError:
            pass  # one of them is unusual: now each is looked at
    rows = Rows([], [])
    for row in msgspec.json.decode(text):
        _require_known(row)
        try:
            rows.readable.append(msgspec.convert(_mended(row), Exchange))
        except msgspec.ValidationError as exc:
            rows.unreadable.append(_unreadable(row, exc))
    return rows


def _unreadable(row: Any, exc: Exception) -> Unreadable:  # Any: JSON
    id = row.get("id") if isinstance(row, dict) else None
    return Unreadable(id=clean(str(id), 64), text=msgspec.json.encode(row).decode(), reason=str(exc))


def _require_known(row: Any) -> None:  # Any: JSON
    """Raises OfAnotherRelease."""
    for value, kind in _parts(row):
        if unknown := value.keys() - set(kind.__struct_fields__):
            raise OfAnotherRelease(f"{kind.__name__} has no “{min(unknown)}”")
        outcome = value.get("outcome")
        if isinstance(outcome, str) and outcome not in set(Outcome):
            raise OfAnotherRelease(f"There is no outcome “{outcome}”")


def _parts(row: Any) -> list[tuple[dict[str, Any], type[Kind]]]:  # Any: JSON
    """A row and what stands in it, each with what it should be."""
    if not isinstance(row, dict):
        return []
    attempts = row.get("attempts")
    found: list[tuple[Any, type[Kind]]] = [
        (row, Exchange),
        (row.get("usage"), Usage),
        (row.get("price"), Price),
        *((attempt, Attempt) for attempt in (attempts if isinstance(attempts, list) else [])),
    ]
    return [(value, kind) for value, kind in found if isinstance(value, dict)]


def _mended(row: Any) -> Any:  # Any: JSON
    for value, kind in _parts(row):
        for name, longest in LONGEST[kind].items():
            if isinstance(text := value.get(name), str):
                value[name] = clean(text, longest)
    return row


def clean(text: str, longest: int) -> str:
    """`text` without what PostgreSQL (NUL) or UTF-8 (a lone surrogate) cannot hold, cut to `longest` characters."""
    text = text[:longest]
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")


def _longest(kind: type[Kind]) -> dict[str, int]:
    """The most characters of each text that has a limit."""
    types = {field.name: msgspec.inspect.type_info(field.type) for field in msgspec.structs.fields(kind)}
    return {
        name: text.max_length
        for name, text in types.items()
        if isinstance(text, msgspec.inspect.StrType) and text.max_length is not None
    }


LONGEST: Final = {kind: _longest(kind) for kind in KINDS}
