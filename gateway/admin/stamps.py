"""What a form showed, and what happened since: for forms of the admin, as the API's ETag does it for its callers."""

from collections.abc import Iterator, Sequence

from django.db.models import Model

from gateway.audit.entries import kind_of
from gateway.audit.models import ConfigChange
from gateway.audit.since import since
from gateway.audit.stamps import stamp_of
from gateway.audit.store import key_entry
from gateway.interchange.document import Entry
from gateway.interchange.snapshot import entry_of, model_entry
from gateway.models import ClientKey
from providers.admin.locking import WITNESSES, Witness
from providers.admin.moments import told_moment
from providers.listing import shortened
from providers.models import ProviderModel

MOST_TOLD = 10


def stamp(row: Model) -> str:
    entry = _entry(type(row)._default_manager.get(pk=row.pk))  # as it is stored: a form writes into its own copy
    return "" if entry is None else stamp_of(entry)


def told_since(row: Model, shown: str) -> Sequence[str]:
    if isinstance(row, ProviderModel):
        # Revisions keep stamps of providers, not of their models: the last change is what is new for certain.
        of_provider = since("provider", row.provider.name, shown)
        return list(_sentences([one for one in of_provider if (one.kind, one.name) == ("model", str(row))][:1]))
    entry = _entry(row)
    if entry is None:
        return []
    changes = since(kind_of(type(entry)), str(row), shown)
    return list(_sentences(changes[:MOST_TOLD]))


def _entry(row: Model) -> Entry | None:
    """What is recorded of the row; None for what stands in another row's entry, as a provider's own aliases do."""
    match row:
        case ClientKey():
            return key_entry(row)
        case ProviderModel():
            return model_entry(row)
    return entry_of(row)


def _sentences(changes: Sequence[ConfigChange]) -> Iterator[str]:
    for change in changes:
        revision = change.revision
        values = [f"{field}: {new}" if old is None else f"{field}: {old} → {new}" for field, old, new in change.fields]
        what = f"{change.deed} {change.kind} {change.name}" + (f" ({shortened(values)})" if values else "")
        note = f" “{revision.note}”" if revision.note else ""
        yield f"{revision.author_name}, {told_moment(revision.at)}: {what}.{note}"


WITNESSES.append(Witness(stamp=stamp, since=told_since))
