"""EDGE: revisions, changes and events in the database, and the configuration as it stands there."""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.db import transaction

from gateway.audit.author import Author
from gateway.audit.comparison import RowChange, summary_of
from gateway.audit.contents import Contents, contents_of, packed, unpacked
from gateway.audit.entries import ClientKeyEntry
from gateway.audit.models import LONGEST_LINE, LONGEST_NAME, AuditEvent, ConfigChange, ConfigRevision
from gateway.audit.places import placed
from gateway.audit.store.aliases import encoded_aliases
from gateway.audit.store.names import ids_now, rename_back
from gateway.interchange import snapshot
from gateway.interchange.difference import Difference
from gateway.interchange.store import apply
from gateway.models import ClientKey
from providers import extra_headers, secrets
from providers.models import Provider, hold_configuration
from routing.models import ConfigurationVersion

WATCHED = ("routing_table", "client_keys")
"""What the triggers of the tables that are recorded raise: see routing/version_triggers.py."""
RECORDED = "recorded:{}"
"""The version of it that the newest revision holds."""
AT_ONCE = 500


@contextmanager
def turn() -> Iterator[None]:
    """A transaction in which nobody else changes configuration."""
    with transaction.atomic():
        hold_configuration()
        yield


Versions = dict[str, int]


def versions() -> tuple[Versions, Versions]:
    """As they are, and as they were recorded. The same: nothing was changed since."""
    numbers = dict(ConfigurationVersion.objects.values_list("subject", "number"))
    now = {subject: numbers.get(subject, 0) for subject in WATCHED}
    return now, {subject: numbers.get(RECORDED.format(subject), 0) for subject in WATCHED}


def note_recorded(now: Versions) -> None:
    """The configuration of these versions is in the revisions."""
    for subject, number in now.items():
        ConfigurationVersion.objects.update_or_create(
            subject=RECORDED.format(subject), defaults={"number": number}, create_defaults={"number": number}
        )


def contents_now() -> Contents:
    """All configuration that the database holds."""
    rows = list(Provider.objects.values_list("name", "credential", "extra_headers"))
    seals = {name: _fingerprint(key) for name, key, _ in rows if key and not secrets.is_reference(key)}
    header_seals = {name: of_each for name, _, headers in rows if (of_each := _header_seals(headers))}
    keys = map(key_entry, _keys())
    return contents_of(snapshot.without_aliases(), encoded_aliases(), keys, seals, header_seals, ids_now())


def _header_seals(headers: object) -> dict[str, str]:
    return {
        name: _fingerprint(value)
        for name in extra_headers.hidden(headers)
        if isinstance(headers, Mapping) and isinstance(value := headers[name], str) and secrets.is_sealed(value)
    }


def newest() -> ConfigRevision | None:
    return ConfigRevision.objects.order_by("-number").first()


def contents_of_revision(revision: ConfigRevision | None) -> Contents:
    """Nothing, before the first."""
    return Contents() if revision is None else unpacked(bytes(revision.packed))


def write_revision(
    author: Author, contents: Contents, rows: Sequence[RowChange], before: ConfigRevision | None, **fields: Any
) -> ConfigRevision:
    """Any: further fields of the model."""
    revision = ConfigRevision.objects.create(
        **_authored(author),
        number=1 if before is None else before.number + 1,
        note=author.note,
        summary=summary_of(rows)[:LONGEST_LINE],
        packed=packed(contents),
        **fields,
    )
    ConfigChange.objects.bulk_create((_change(revision, row) for row in rows), batch_size=AT_ONCE)
    return revision


def write_event(kind: str, subject: str, author: Author, details: Mapping[str, Any]) -> AuditEvent:
    """Any: what JSON can hold."""
    return AuditEvent.objects.create(**_authored(author), kind=kind, subject=subject[:255], details=dict(details))


def apply_contents(then: Contents, *, dry_run: bool) -> tuple[Difference, Contents]:
    """Make the configuration what it was then, as an import of the document would, all or nothing.

    Also returns the configuration that it leads to: of a refused one, that of then.
    """
    with transaction.atomic():
        rename_back(then.ids)
        difference = apply(placed(then.document), prune=True, dry_run=False, environment=os.environ)
        after = contents_now() if difference.was_applied else then
        if dry_run or not difference.was_applied:
            transaction.set_rollback(True)
    return replace(difference, was_applied=difference.was_applied and not dry_run), after


def _authored(author: Author) -> dict[str, Any]:
    return {
        "user_id": author.user_id,
        "author_name": author.name[:LONGEST_NAME],
        "door": author.door,
        "address": author.address[:255],
    }


def _change(revision: ConfigRevision, row: RowChange) -> ConfigChange:
    change = row.change
    return ConfigChange(
        revision=revision,
        deed=change.deed,
        kind=change.kind,
        name=change.name[:LONGEST_LINE],
        of_kind=row.of_kind,
        of_name=row.of_name[:255],
        stamp=row.stamp,
        fields=[[one.field, one.old, one.new] for one in change.fields],
    )


def _keys() -> Sequence[ClientKey]:
    keys = ClientKey.objects.select_related("owner").order_by("name")
    return list(keys.prefetch_related("allowed_aliases", "allowed_models__provider"))


def key_entry(key: ClientKey) -> ClientKeyEntry:
    """What a revision keeps of a client key."""
    return ClientKeyEntry(
        name=key.name,
        prefix=key.prefix,
        secret=_fingerprint(key.digest),
        enabled=key.enabled,
        expires_at=key.expires_at.isoformat() if key.expires_at else "",
        access=key.access,
        owner=key.owner.get_username() if key.owner else "",
        allowed_aliases=sorted(alias.name for alias in key.allowed_aliases.all()),
        allowed_models=sorted(str(model) for model in key.allowed_models.all()),
    )


def _fingerprint(text: str) -> str:
    """Of something that is no secret any more (a hash, a sealed text): tells whether it is another one."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
