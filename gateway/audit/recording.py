"""A turn at the configuration, which leaves a revision when it changed anything.

with recording(author_of(request)) as recorded:
    ...
recorded.revision   # ConfigRevision | None
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.audit import key_events, store
from gateway.audit.author import UNKNOWN, Author, Door, acting
from gateway.audit.comparison import changes_between

if TYPE_CHECKING:
    from gateway.audit.models import ConfigRevision

FOUND_AT_FIRST = "Everything that was there when recording began."


@dataclass(slots=True)
class Recorded:
    """What a turn left behind."""

    revision: ConfigRevision | None = None
    """None: nothing was changed. Known after the block."""
    fields: dict[str, Any] = field(default_factory=dict)  # Any: further fields of the revision


_turn: ContextVar[Recorded | None] = ContextVar("plexus_recorded_turn", default=None)


@contextmanager
def recording(author: Author) -> Iterator[Recorded]:
    """Wait for our turn, and record what the block changes: all in one transaction, so a failed one leaves nothing.

    A block within another one joins it: what both change is one revision, of the outer one's author.
    """
    outer = _turn.get()
    if outer is not None:
        yield outer
        return
    recorded = Recorded()
    with store.turn(), acting(author):
        _record(UNKNOWN)  # what was changed past all doors is not this author's
        token = _turn.set(recorded)
        try:
            yield recorded
        finally:
            _turn.reset(token)
        recorded.revision = _record(author, **recorded.fields)


def record_what_was_changed_outside() -> ConfigRevision | None:
    """A revision of what was changed past all doors since the last one; None when nothing was. Cheap when nothing was."""
    now, recorded = store.versions()
    if now == recorded:
        return None
    with store.turn():
        return _record(UNKNOWN)


def _record(author: Author, **fields: Any) -> ConfigRevision | None:  # Any: of the revision
    now, recorded = store.versions()
    if now == recorded:
        return None
    before = store.newest()
    contents, known = store.contents_now(), store.contents_of_revision(before)
    rows = changes_between(known, contents)
    store.note_recorded(now)
    if not rows:
        return None
    if before is None and author.door is Door.OUTSIDE:
        return store.write_revision(UNKNOWN_AT_FIRST, contents, rows, before, **fields)
    revision = store.write_revision(author, contents, rows, before, **fields)
    key_events.note(rows, author)
    return revision


UNKNOWN_AT_FIRST = Author(
    user_id=None, name=UNKNOWN.name, door=UNKNOWN.door, address=UNKNOWN.address, note=FOUND_AT_FIRST
)
