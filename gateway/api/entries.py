"""Bodies of the API -> entries of a configuration document, which `gateway.interchange.store` writes as it writes a file's."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from django.db.models import Model

from gateway.api.pointers import Wrong, pointer
from gateway.api.problems import Refused
from gateway.interchange.document import ABSENT, Document, Entry
from gateway.interchange.findings import Finding, Kind, Place
from gateway.interchange.snapshot import default_of
from gateway.interchange.store import apply

E = TypeVar("E", bound=Entry)
Body = Mapping[str, Any]  # Any: JSON, checked by a serializer


def entry(kind: type[E], body: Body, *at: str | int, **more: Any) -> E:  # Any: fields of the entry
    """An entry that says what the body says; it stands `at` this place of what was sent."""
    names = {field.name for field in fields(kind)}
    said = {name: value for name, value in {**body, **more}.items() if name in names}
    places = {name: Place(path=pointer(*at, name)) for name in names} | {"": Place(path=pointer(*at))}
    return kind(**said, where=places)


def with_defaults(row: Model, names: Iterable[str], body: Body) -> dict[str, Any]:  # Any: as in a body
    """The body, with the default for whatever it does not say: what PUT means."""
    return {**{name: default_of(row, name) for name in names}, **body}


def write(document: Document) -> tuple[Finding, ...]:
    """Change the database. What there is to warn of. Raises Refused."""
    difference = apply(document, prune=False, dry_run=False, environment=os.environ)
    if difference.is_refused:
        raise refused_by(difference.findings)
    return tuple(finding for finding in difference.findings if finding.kind is not Kind.REFUSED)


def refused_by(findings: Iterable[Finding]) -> Refused:
    """The refusals among them, each with its place."""
    reasons = [finding for finding in findings if finding.kind is Kind.REFUSED]
    return Refused([Wrong(pointer=_place(one.place), message=one.message) for one in reasons])


def _place(place: Place) -> str:
    if place.path.startswith("#") or place.line is None:
        return place.path
    return f"{place.path} (line {place.line})" if place.path else f"line {place.line}"


__all__ = ["ABSENT", "Body", "entry", "refused_by", "with_defaults", "write"]
