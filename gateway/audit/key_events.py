"""Client keys that were made, revoked, renamed, or given another secret, as events of their own beside the changes of a revision."""

from collections.abc import Iterator, Sequence

from gateway.audit.author import Author
from gateway.audit.comparison import RowChange
from gateway.audit.contents import CLIENT_KEY, Contents
from gateway.audit.entries import ClientKeyEntry, decoded
from gateway.audit.events import Event, note_event
from gateway.interchange.difference import Change, Deed


def note(rows: Sequence[RowChange], old: Contents, new: Contents, author: Author) -> None:
    """`old` and `new`: what the rows are different in."""
    changes = [row.change for row in rows if row.of_kind == CLIENT_KEY]
    renamed = _renamed(changes, old, new)
    for change in changes:
        details = {one.field: one.new for one in change.fields}
        if was := renamed.get(change.name):
            note_event(Event.KEY_RENAMED, change.name, author, {"name": f"{was} → {change.name}"})
            events = _switched(_key(old, was), _key(new, change.name))
        else:
            events = _events_of(change) if change.name not in renamed.values() else iter(())
        for event in events:
            note_event(event, change.name, author, details)


def _renamed(changes: Sequence[Change], old: Contents, new: Contents) -> dict[str, str]:
    """New name -> old one, of keys that open what they opened before: nobody lost a key, and nobody got one."""
    gone = {_key(old, change.name).secret: change.name for change in changes if change.deed is Deed.DELETED}
    made = {change.name: _key(new, change.name).secret for change in changes if change.deed is Deed.CREATED}
    return {name: gone[secret] for name, secret in made.items() if secret in gone}


def _key(contents: Contents, name: str) -> ClientKeyEntry:
    entry = decoded(ClientKeyEntry, contents.entries[CLIENT_KEY][name])
    assert isinstance(entry, ClientKeyEntry)
    return entry


def _switched(old: ClientKeyEntry, new: ClientKeyEntry) -> Iterator[Event]:
    if old.enabled != new.enabled:
        yield Event.KEY_ENABLED if new.enabled else Event.KEY_DISABLED


def _events_of(change: Change) -> Iterator[Event]:
    if change.deed is Deed.CREATED:
        yield Event.KEY_MADE
    elif change.deed is Deed.DELETED:
        yield Event.KEY_REVOKED
    for field in change.fields if change.deed is Deed.UPDATED else ():
        if field.field == "secret":
            yield Event.KEY_REPLACED
        elif field.field == "enabled":
            yield Event.KEY_ENABLED if field.new == "yes" else Event.KEY_DISABLED
