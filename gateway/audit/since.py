"""What happened to an object since somebody looked at it, for whoever wants to change it now."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from gateway.audit.store.past import changes_of

if TYPE_CHECKING:
    from gateway.audit.models import ConfigChange

MOST_TOLD: Final = 200
"""An object may have been changed thousands of times, and a stamp may be one that it never had."""


def since(kind: str, name: str, stamp: str) -> tuple[ConfigChange, ...]:
    """What was changed in the object since it had this stamp, the newest first; each knows its revision.

    `kind` and `name` are those of a document: `alias`, `provider`; or `client key`; the name is that of now. Where it never
    had the stamp, all that is known of it, but for what is too long ago to matter.
    """
    found: list[ConfigChange] = []
    for change in islice(changes_of(kind, name), MOST_TOLD):
        if change.stamp == stamp:
            break
        found.append(change)
    return tuple(found)
