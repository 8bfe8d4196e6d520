"""A document that came as JSON, told by paths alone: its lines are those of a text that we wrote ourselves, and nobody sent."""

from dataclasses import fields, replace
from typing import TypeVar

from gateway.interchange.document import Document, Entry, Reading
from gateway.interchange.findings import Finding, Place

T = TypeVar("T", Document, Entry)


def without_lines(reading: Reading) -> Reading:
    """The same, where no place has a line."""
    document, findings = reading.document, reading.findings
    return replace(reading, document=_told_by_paths(document), findings=tuple(map(_finding, findings)))


def _told_by_paths(one: T) -> T:
    """Tuples of entries are walked into; all else is values."""
    said = {field.name: getattr(one, field.name) for field in fields(one)}
    inner = {name: tuple(map(_entry, value)) for name, value in said.items() if isinstance(value, tuple)}
    return replace(one, **inner)  # type: ignore[arg-type]  # each field as it was


def _entry(one: object) -> object:
    if not isinstance(one, Entry):
        return one
    where = {name: Place(path=place.path) for name, place in one.where.items()}
    return replace(_told_by_paths(one), where=where)


def _finding(one: Finding) -> Finding:
    return replace(one, place=Place(path=one.place.path))
