"""Client keys that were made, revoked, renamed, or given another secret, as events of their own beside the changes of a revision."""

from collections.abc import Iterator, Sequence

from gateway.audit.author import Author
from gateway.audit.comparison import RowChange
from gateway.audit.contents import CLIENT_KEY
from gateway.audit.events import Event, note_event
from gateway.interchange.difference import Change, Deed


def note(rows: Sequence[RowChange], author: Author) -> None:
    """Under the names that the keys have now."""
    for row in rows:
        if row.of_kind == CLIENT_KEY:
            details = {one.field: one.new for one in row.change.fields}
            for event in _events_of(row.change):
                said = {"name": f"{row.change.name} → {row.of_name}"} if event is Event.KEY_RENAMED else details
                note_event(event, row.of_name, author, said)


def _events_of(change: Change) -> Iterator[Event]:
    if change.deed is Deed.CREATED:
        yield Event.KEY_MADE
    elif change.deed is Deed.DELETED:
        yield Event.KEY_REVOKED
    for field in change.fields if change.deed is Deed.UPDATED else ():
        match field.field:
            case "name":
                yield Event.KEY_RENAMED
            case "secret":
                yield Event.KEY_REPLACED
            case "enabled":
                yield Event.KEY_ENABLED if field.new == "yes" else Event.KEY_DISABLED
