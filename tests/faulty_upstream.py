"""An OpenAI-compatible upstream on loopback that fails on demand: the model's name says how (see faulty_answers/).

    with FaultyUpstream() as upstream:
        post(upstream.url + "/chat/completions", {"model": "cut-after-3", …})
        assert upstream.seen[0].body == …

A real server on real sockets, in a thread and an event loop of its own, so that a blocked or cancelled test cannot
stop it. It is also the witness: `seen` holds every request as it came, to the byte.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import struct
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, cast

from tests.faulty_answers import answer
from tests.faulty_answers.turn import Turn

HEAD_LIMIT_BYTES = 1 << 20


@dataclass(slots=True, kw_only=True)
class Seen:
    """One request as it arrived."""

    connection: int
    """Which connection brought it: equal numbers mean that a pooled connection was used again."""
    method: str
    path: str
    headers: list[tuple[str, str]]
    """In order and in the sender's spelling."""
    body: bytes
    arrived_at: float
    """On time.monotonic()'s clock."""
    peer_left_at: float | None = None
    """When the peer hung up before it had the whole answer; None if it stayed."""

    def header(self, name: str) -> str | None:
        """The first value of a header, its name in any case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


class Connection(asyncio.Protocol):
    """One accepted connection: requests in, one answering task at a time, departures noted."""

    def __init__(self, upstream: FaultyUpstream, number: int) -> None:
        self.upstream = upstream
        self.number = number
        self.received = bytearray()
        self.request: Seen | None = None
        self.task: asyncio.Task[None] | None = None
        self.may_write = asyncio.Event()
        self.may_write.set()
        self.resets_next_request = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.upstream.connections.add(self)

    def data_received(self, data: bytes) -> None:
        self.received += data
        if self.request is None:
            self.answer_next()

    def answer_next(self) -> None:
        request = self.take_request()
        if request is None:
            return
        if self.resets_next_request:
            self.transport.abort()
            return
        self.upstream.requests.append(request)
        self.request = request
        self.task = asyncio.get_running_loop().create_task(self.reply(request))

    def take_request(self) -> Seen | None:
        """Cut one whole request off what was received; None while it is not whole."""
        end = self.received.find(b"\r\n\r\n")
        if end < 0 and len(self.received) > HEAD_LIMIT_BYTES:
            self.transport.abort()
        if end < 0:
            return None
        first, *lines = self.received[:end].decode("latin-1").split("\r\n")
        pairs = [line.partition(":") for line in lines]
        headers = [(name, value.strip()) for name, _, value in pairs]
        length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
        whole = end + 4 + length
        if len(self.received) < whole:
            return None
        method, path, _ = first.split(" ", 2)
        body = bytes(self.received[end + 4 : whole])
        del self.received[:whole]
        return Seen(
            connection=self.number,
            method=method,
            path=path,
            headers=headers,
            body=body,
            arrived_at=time.monotonic(),
        )

    async def reply(self, request: Seen) -> None:
        turn = Turn(
            method=request.method,
            path=request.path,
            authorization=request.header("authorization") or "",
            team_key=request.header("x-team-key") or "",
            body=request.body,
            connection=self,
            number=sum(model_in(each.body) == model_in(request.body) for each in self.upstream.requests),
        )
        await answer(turn)
        self.request = None
        if not self.transport.is_closing():
            self.answer_next()

    @property
    def requests_so_far(self) -> int:
        """How many the upstream has seen, on whatever connection."""
        return len(self.upstream.requests)

    async def send(self, data: bytes) -> None:
        await self.may_write.wait()
        self.transport.write(data)

    def hang_up(self) -> None:
        """End the connection after what was sent. The server's own deed: no departure is noted."""
        self.request = None
        self.transport.close()

    def reset(self) -> None:
        """End the connection at once, with a reset (RST) and no farewell."""
        self.request = None
        linger = struct.pack("ii", 1, 0)
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.transport.abort()

    def reset_next_request(self) -> None:
        """Behave as a server whose keep-alive ran out just now: the next request meets a reset."""
        self.resets_next_request = True

    def pause_writing(self) -> None:
        self.may_write.clear()

    def resume_writing(self) -> None:
        self.may_write.set()

    def eof_received(self) -> bool:
        self.note_departure()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.note_departure()
        self.upstream.connections.discard(self)

    def note_departure(self) -> None:
        if self.request is not None and self.request.peer_left_at is None:
            self.request.peer_left_at = time.monotonic()
        if self.task is not None:
            self.task.cancel()


@dataclass(slots=True, kw_only=True, eq=False)
class FaultyUpstream:
    """The server. Use it as a context manager; every attribute may be read from any thread."""

    host: str = "127.0.0.1"
    tls: ssl.SSLContext | None = None
    """A server-side context makes it speak https."""
    port: int = 0
    """0 chooses a free one."""
    requests: list[Seen] = field(default_factory=list)
    connections: set[Connection] = field(default_factory=set)
    connections_made: int = 0
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread | None = None
    _server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """The API root, as an administrator would type it: http://127.0.0.1:40001/v1"""
        scheme = "https" if self.tls else "http"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}/v1"

    @property
    def seen(self) -> list[Seen]:
        """Every request so far, oldest first."""
        return list(self.requests)

    @property
    def last(self) -> Seen:
        return self.requests[-1]

    @property
    def open_connections(self) -> int:
        return len(self.connections)

    def forget(self) -> None:
        """Empty the witness log."""
        self.requests.clear()

    def wait_until_left(self, timeout_seconds: float = 60.0) -> float:
        """Wait until the peer of the last request has hung up; return when. Raises TimeoutError."""
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            if self.requests and self.requests[-1].peer_left_at is not None:
                return self.requests[-1].peer_left_at
            time.sleep(0.005)
        raise TimeoutError(f"The peer is still there after {timeout_seconds} s.")

    def start(self) -> Self:
        """Listen. The port is known, and connections are accepted, when this returns."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listener = socket.create_server((self.host, self.port), family=family, backlog=4096)
        # Else each answer waits 40 ms for an ACK: asyncio sets this only on sockets that were made with their protocol's number.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, args=[listener], name="faulty-upstream", daemon=True)
        self._thread.start()
        return self

    def _run(self, listener: socket.socket) -> None:
        self._server = self._loop.run_until_complete(self._listen(listener))
        self._loop.run_forever()

    async def _listen(self, listener: socket.socket) -> asyncio.Server:
        return await asyncio.get_running_loop().create_server(self._accept, sock=listener, ssl=self.tls, backlog=4096)

    def _accept(self) -> Connection:
        self.connections_made += 1
        return Connection(self, self.connections_made)

    def stop(self) -> None:
        """Close every connection and stop listening."""
        if self._thread is None:
            return
        self._loop.call_soon_threadsafe(self._close)
        self._thread.join()
        self._thread = None
        self._loop.close()

    def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.transport.abort()
        # Two turns of the loop let the aborted connections and their cancelled tasks end.
        self._loop.call_soon(self._loop.call_soon, self._loop.call_soon, self._loop.stop)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def model_in(body: bytes) -> bytes:
    """The model that a request names, as it is spelled there; empty where it names none."""
    found = re.search(rb'"model"\s*:\s*("[^"]*")', body)
    return found.group(1) if found else b""


def an_unused_port() -> int:
    """A loopback port on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
