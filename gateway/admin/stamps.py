"""What a form showed, and what happened since: for forms of the admin, as the API's ETag does it for its callers."""

from collections.abc import Iterator, Sequence

from django.db.models import Model

from gateway.audit.entries import kind_of
from gateway.audit.models import ConfigChange
from gateway.audit.since import since
from gateway.audit.stamps import stamp_of
from gateway.interchange.snapshot import entry_of
from providers.admin.locking import WITNESSES, Witness
from providers.listing import shortened

MOST_TOLD = 10


def stamp(row: Model) -> str:
    entry = entry_of(type(row)._default_manager.get(pk=row.pk))  # as it is stored: a form writes into its own copy
    return "" if entry is None else stamp_of(entry)


def told_since(row: Model, shown: str) -> Sequence[str]:
    entry = entry_of(row)
    if entry is None:
        return []
    changes = since(kind_of(type(entry)), str(row), shown)
    return list(_sentences(changes[:MOST_TOLD]))


def _sentences(changes: Sequence[ConfigChange]) -> Iterator[str]:
    for change in changes:
        revision = change.revision
        values = [f"{field}: {new}" if old is None else f"{field}: {old} → {new}" for field, old, new in change.fields]
        what = f"{change.deed} {change.kind} {change.name}" + (f" ({shortened(values)})" if values else "")
        note = f" “{revision.note}”" if revision.note else ""
        yield f"{revision.author_name}, {revision.at:%H:%M:%S} UTC: {what}.{note}"


WITNESSES.append(Witness(stamp=stamp, since=told_since))
