"""Who changes something, through which door, from where, and why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.http import HttpRequest

LONGEST_NOTE = 500
NOTE_FIELD = "why"
"""What a form calls the sentence about its reason."""


class Door(StrEnum):
    ADMIN = "admin"
    API = "api"
    FILE = "file"
    COMMAND = "command"
    OUTSIDE = "outside"
    """Past all doors: `QuerySet.update()`, SQL, a shell. Found afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Whoever changes something."""

    user_id: int | None
    name: str
    door: Door
    address: str
    """The client's IP address, or the machine that a command ran on. Empty: not known."""
    note: str = ""
    """Why, in the author's words. Empty: not said."""


UNKNOWN = Author(user_id=None, name="unknown", door=Door.OUTSIDE, address="")
_author: ContextVar[Author] = ContextVar("plexus_author", default=UNKNOWN)


def author_of(request: HttpRequest, door: Door = Door.ADMIN, note: str = "") -> Author:
    """Whoever sent this request; the note that came in its form, where none is given."""
    user = getattr(request, "user", None)
    known = user if user is not None and user.is_authenticated else None
    said = note or (request.POST.get(NOTE_FIELD, "") if door is Door.ADMIN else "")
    return Author(
        user_id=None if known is None else known.pk,
        name="nobody" if known is None else known.get_username(),
        door=door,
        address=request.META.get("REMOTE_ADDR", ""),
        note=said.strip()[:LONGEST_NOTE],
    )


def author_now() -> Author:
    """Whoever acts in this thread or task; UNKNOWN when nobody said."""
    return _author.get()


@contextmanager
def acting(author: Author) -> Iterator[None]:
    """While the block runs, what happens is this author's doing."""
    token = _author.set(author)
    try:
        yield
    finally:
        _author.reset(token)
