"""HTTP by hand, for what no well-behaved client would send."""

import json
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.gateways import RunningGateway

ANSWER_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RawReply:
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    """Lower-case names."""
    body: bytes

    @property
    def error(self) -> dict[str, Any]:  # Any: OpenAI's error object
        error: dict[str, Any] = json.loads(self.body)["error"]
        return error


@contextmanager
def connected(gateway: RunningGateway) -> Iterator[socket.socket]:
    """A connection to the gateway, closed at the end."""
    split = urlsplit(gateway.url)
    with socket.create_connection((split.hostname or "", split.port or 0), ANSWER_SECONDS) as connection:
        yield connection


def head(
    gateway: RunningGateway, *lines: str | bytes, request_line: str = "POST /v1/chat/completions HTTP/1.1"
) -> bytes:
    """A request's head: its line, Host, the test's key, JSON, and the header `lines` given."""
    first: Iterable[str | bytes] = (
        request_line,
        "Host: 127.0.0.1",
        f"Authorization: Bearer {gateway.key}",
        "Content-Type: application/json",
        *lines,
    )
    return b"".join((line.encode() if isinstance(line, str) else line) + b"\r\n" for line in first) + b"\r\n"


def chat(gateway: RunningGateway, body: bytes) -> bytes:
    """A whole chat request."""
    return head(gateway, f"Content-Length: {len(body)}") + body


def read_until(connection: socket.socket, words: bytes, times: int = 1) -> bytes:
    """What comes, up to the piece in which these words stand so many times. Fails if the connection ends before."""
    received = b""
    while received.count(words) < times:
        piece = connection.recv(65536)
        assert piece, received
        received += piece
    return received


def asked_raw(gateway: RunningGateway, request: bytes) -> RawReply | None:
    """The answer to these bytes; None when the connection was closed without one."""
    with connected(gateway) as connection:
        connection.sendall(request)
        return reply_on(connection)


def reply_on(connection: socket.socket) -> RawReply | None:
    """The next answer on a connection, by its Content-Length or its chunks; None when it was closed without one."""
    stream = connection.makefile("rb")
    try:
        status_line = stream.readline()
        if not status_line:
            return None
        headers: dict[str, str] = {}
        while (line := stream.readline().strip()) != b"":
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        body = _chunks(stream) if headers.get("transfer-encoding") == "chunked" else _sized(stream, headers)
    except ConnectionResetError:
        return None
    return RawReply(status=int(status_line.split()[1]), headers=headers, body=body)


def _sized(stream: Any, headers: dict[str, str]) -> bytes:  # Any: what makefile("rb") gives, here and below
    body: bytes = stream.read(int(headers.get("content-length", "0")))
    return body


def _chunks(stream: Any) -> bytes:
    pieces = []
    while size := int(stream.readline(), 16):
        pieces.append(stream.read(size))
        stream.readline()
    stream.readline()
    return b"".join(pieces)
