"""One request to the faulty upstream, and the means to answer it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from tests.honest_answers import Asked

JSON = [("Content-Type", "application/json")]
EVENT_STREAM = [("Content-Type", "text/event-stream; charset=utf-8"), ("Cache-Control", "no-cache")]
DONE = b"data: [DONE]\n\n"

Headers = list[tuple[str, str]]
Behaviour = Callable[["Turn", Asked], Awaitable[None]]


class Wire(Protocol):
    """The connection, as far as an answer needs it."""

    @property
    def requests_so_far(self) -> int: ...

    async def send(self, data: bytes) -> None: ...

    def hang_up(self) -> None: ...

    def reset(self) -> None: ...

    def reset_next_request(self) -> None: ...


@dataclass(slots=True, kw_only=True)
class Turn:
    """One request, and the means to answer it."""

    method: str
    path: str
    authorization: str
    team_key: str
    body: bytes
    connection: Wire
    number: int = 1
    """How many requests for this body's model there have been, this one included."""

    async def head(self, status: int, headers: Headers) -> None:
        await self.connection.send(head_bytes(status, headers))

    async def send(self, data: bytes) -> None:
        """One piece of a chunked body."""
        await self.connection.send(b"%x\r\n%s\r\n" % (len(data), data))

    async def end(self) -> None:
        await self.connection.send(b"0\r\n\r\n")

    async def whole(self, status: int, body: bytes, headers: Headers = JSON) -> None:
        """Head and body at once, in one write, as small answers arrive in life."""
        length = ("Content-Length", str(len(body)))
        await self.connection.send(head_bytes(status, [*headers, length]) + body)


def head_bytes(status: int, headers: Headers) -> bytes:
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Unknown"
    sized = any(name == "Content-Length" for name, _ in headers)
    framing = [] if sized else [("Transfer-Encoding", "chunked")]
    lines = [f"{name}: {value}\r\n" for name, value in [*headers, ("X-Request-Id", "req_upstream_1"), *framing]]
    return f"HTTP/1.1 {status} {phrase}\r\n{''.join(lines)}\r\n".encode("latin-1")
