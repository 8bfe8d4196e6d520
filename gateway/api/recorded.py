"""Revisions and changes as the API shows them."""

from collections.abc import Iterable
from itertools import groupby

from gateway.api.problems import Told
from gateway.audit.models import ConfigChange, ConfigRevision
from gateway.interchange.difference import Change, Deed, FieldChange, lines


def changes_as_json(changes: Iterable[ConfigChange]) -> list[Told]:
    """Grouped by revision: who, when, why, and what in lines that people read."""
    grouped = groupby(changes, key=lambda change: change.revision)
    return [
        {**revision_as_json(revision), "lines": list(lines(list(map(change_of, rows))))} for revision, rows in grouped
    ]


def revision_as_json(revision: ConfigRevision) -> Told:
    return {
        "revision": revision.number,
        "at": revision.at,
        "who": revision.author_name,
        "door": revision.door,
        "note": revision.note,
    }


def change_of(row: ConfigChange) -> Change:
    """As an import tells it."""
    fields = tuple(FieldChange(field=field, old=old, new=new) for field, old, new in row.fields)
    return Change(deed=Deed(row.deed), kind=row.kind, name=row.name, fields=fields)


def change_as_json(change: Change) -> Told:
    fields = [{"field": one.field, "old": one.old, "new": one.new} for one in change.fields]
    return {"deed": str(change.deed), "kind": change.kind, "name": change.name, "fields": fields}
