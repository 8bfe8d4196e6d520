"""Client keys that were made, revoked, or given another secret, as events of their own beside the changes of a revision."""

from collections.abc import Iterator, Sequence

from gateway.audit.author import Author
from gateway.audit.comparison import RowChange
from gateway.audit.contents import CLIENT_KEY
from gateway.audit.events import Event, note_event
from gateway.interchange.difference import Change, Deed


def note(rows: Sequence[RowChange], author: Author) -> None:
    for row in rows:
        if row.of_kind == CLIENT_KEY:
            for event in _events_of(row.change):
                note_event(event, row.of_name, author, {one.field: one.new for one in row.change.fields})


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
