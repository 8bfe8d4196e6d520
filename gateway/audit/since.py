"""What happened to an object since somebody looked at it, for whoever wants to change it now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.audit.store.past import changes_of

if TYPE_CHECKING:
    from gateway.audit.models import ConfigChange


def since(kind: str, name: str, stamp: str) -> tuple[ConfigChange, ...]:
    """What was changed in the object since it had this stamp, the newest first; each knows its revision.

    `kind` and `name` are those of a document: `alias`, `provider`; the name of now. All that is known of it where it never had the stamp.
    """
    found: list[ConfigChange] = []
    for change in changes_of(kind, name):
        if change.stamp == stamp:
            break
        found.append(change)
    return tuple(found)
