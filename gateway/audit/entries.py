"""Entries of a document as plain JSON values, and back; and which entries stand within which.

Everything is read off the dataclasses themselves, so that a new kind of entry, or a new field, is recorded from its
first day on.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar, cast, get_args, get_type_hints

import msgspec

from gateway.interchange.document import ABSENT, Document, EndpointEntry, Entry, TargetEntry

T = TypeVar("T")
Written = dict[str, Any]  # Any: what JSON can hold
KINDS: Mapping[type[Entry], str] = {EndpointEntry: "address"}
"""What is not called as its class: `ProviderEntry` is a provider."""
NAMING_FIELDS: Mapping[type[Entry], tuple[str, ...]] = {TargetEntry: ("provider", "model", "to_alias")}


def once_per_class(compute: Callable[[type[Any]], T]) -> Callable[[type[Any]], T]:
    """Remember the answer. `cache` itself takes a class for unhashable when its objects are, to a type checker."""
    remembered: Any = cache(compute)
    return cast("Callable[[type[Any]], T]", remembered)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientKeyEntry(Entry):
    """A client key, which no document holds: a rollback leaves it alone."""

    name: str
    prefix: str
    secret: str = ""
    """A fingerprint of its hash: tells that the secret is another one, and nothing about it."""
    enabled: bool = True
    expires_at: str = ""
    """ISO 8601. Empty: never."""
    access: str = ""
    owner: str = ""
    allowed_aliases: list[str]
    allowed_models: list[str]


def kind_of(cls: type[Entry]) -> str:
    """In words: `provider`, `client key`."""
    words = re.findall("[A-Z][a-z]*", cls.__name__.removesuffix("Entry"))
    return KINDS.get(cls) or " ".join(words).lower()


def key_of(entry: Entry) -> object:
    """What makes it the same one as another among its siblings."""
    return getattr(entry, "key", None) or getattr(entry, naming_fields(type(entry))[0])


def naming_fields(cls: type[Entry]) -> tuple[str, ...]:
    """Those that its name is made of: of most entries the first one."""
    return NAMING_FIELDS.get(cls) or _own_fields(cls)[:1]


def name_of(entry: Entry) -> str:
    """For people: what a top-level entry is called, and what stands for one within another."""
    return str(entry) if type(entry).__str__ is not object.__str__ else str(key_of(entry))


@cache
def sections() -> Mapping[str, tuple[str, type[Entry]]]:
    """Kind -> the field of a Document that holds such entries, and their class."""
    return {kind_of(cls): (field, cls) for field, cls in inner_of(Document).items()}


@once_per_class
def inner_of(cls: type[Any]) -> Mapping[str, type[Entry]]:
    """Field -> the class of the entries that it holds; of those fields that hold some."""
    found = {field: _entry_class(hint) for field, hint in _hints(cls).items()}
    return {field: inner for field, inner in found.items() if inner is not None}


def top_level(document: Document) -> Iterator[tuple[str, Entry]]:
    """Every entry that stands in no other, with its kind."""
    for kind, (field, _) in sections().items():
        for entry in getattr(document, field):
            yield kind, entry


def document_of(entries: Mapping[str, Mapping[str, msgspec.Raw]]) -> Document:
    """The document that holds these. `entries`: kind -> name -> the entry, encoded."""
    found: dict[str, Any] = {  # Any: each field holds entries of its own class
        field: tuple(decoded(cls, raw) for raw in entries.get(kind, {}).values())
        for kind, (field, cls) in sections().items()
    }
    return Document(**found)


def encoded(entry: Entry) -> bytes:
    """As JSON, the same text for equal entries."""
    return msgspec.json.encode(written(entry), order="sorted")


def decoded(cls: type[Entry], text: bytes | msgspec.Raw) -> Entry:
    """The entry that was encoded. Raises msgspec.DecodeError."""
    plain: Written = msgspec.json.decode(text)
    return read(cls, plain)


def written(entry: Entry) -> Written:
    """What the entry says; what is ABSENT is not there."""
    said = ((name, getattr(entry, name)) for name in _own_fields(type(entry)))
    return {name: _plain(value) for name, value in said if value is not ABSENT}


def read(cls: type[Entry], plain: Mapping[str, Any]) -> Entry:
    """The entry that was written. A field that this release does not know is left out."""
    known = {name: value for name, value in plain.items() if name in _own_fields(cls)}
    values: dict[str, Any] = {name: _value(cls, name, value) for name, value in known.items()}  # Any: as its fields
    return cls(**values)


def _plain(value: object) -> object:
    match value:
        case Entry():
            return written(value)
        case tuple() | list():
            return [_plain(one) for one in value]
        case Decimal():
            return f"{value.normalize():f}"
    return value


def _value(cls: type[Entry], name: str, plain: Any) -> object:
    inner = inner_of(cls).get(name)
    if inner is not None:
        return tuple(read(inner, one) for one in plain)
    return Decimal(plain) if isinstance(plain, str) and name in _decimals(cls) else plain


@once_per_class
def _own_fields(cls: type[Entry]) -> tuple[str, ...]:
    """All but where a file says it."""
    return tuple(field.name for field in fields(cls) if field.name != "where")


@once_per_class
def _decimals(cls: type[Entry]) -> frozenset[str]:
    return frozenset(name for name, hint in _hints(cls).items() if Decimal in (hint, *get_args(hint)))


@once_per_class
def _hints(cls: type[Any]) -> Mapping[str, Any]:  # Any: type hints have no common type
    return get_type_hints(cls)


def _entry_class(hint: Any) -> type[Entry] | None:  # Any: as above
    """X of `tuple[X, ...]`, also where it may be ABSENT."""
    for one in (hint, *get_args(hint)):
        for inner in get_args(one):
            if isinstance(inner, type) and issubclass(inner, Entry):
                return inner
    return None
