"""What our own server offers beyond ASGI, for a request and an answer that are whole: nearly all of them are.

ASGI takes an answer in two messages and has the server check each header again; a body comes as a message too. Between a
server and an application that know each other this is a quarter of what they cost. Other servers do not offer it, and the
application then does without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from gateway.prepared import HeaderList

EXTENSION: Final = "plexus.shortcut"
"""Its name in a scope's `extensions`."""


class Shortcut(Protocol):
    """One request's."""

    def whole_body(self) -> bytes | None:
        """The body if all of it is here and nobody has received any of it; else None, and nothing has happened."""

    def answer(self, status: int, pairs: HeaderList, body: bytes) -> bool:
        """Answer at once. False where that cannot be, and nothing has happened.

        `pairs`: names in lower case, the length of the body among them, nothing in names or values that could break out
        of a line.
        """
