"""Upstreams that hold a call at one moment: connecting, in the TLS handshake, sending, waiting, reading.

A process of its own, so that its descriptors and tasks are not among those that are counted:

    with HangingUpstreams() as upstreams:
        upstreams.ports["plain"]
        upstreams.open_connections()

plain and secure answer as the path says: /silent never, /head with half a head, /stream with a chunk each millisecond
without end, /flood as fast as they are read without end, anything else with a short whole answer. deaf takes
connections and never reads a byte. full is a listening socket whose queue is full: the kernel lets connections wait.
"""

from __future__ import annotations

import asyncio
import datetime
import json
import logging
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from benchmarks.processes import end_with_parent

SECURE_NAME = "secure.example"
"""The name in the certificate."""
ROOT = Path(__file__).resolve().parents[2]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
WHOLE = HEAD + b"Content-Length: 2\r\n\r\n{}"
EVENT = b"6\r\ndata: \r\n"
FLOOD = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
STREAM_PAUSE_SECONDS = 0.001
SMALL_BUFFER_BYTES = 4096
BACKLOG = 4096
STOP_SECONDS = 10.0


# Our side


class HangingUpstreams:
    """The process, and what it says."""

    def __init__(self) -> None:
        self.ports: dict[str, int] = {}
        self._folder = TemporaryDirectory(prefix="plexus-endurance-")
        self.certificate = Path(self._folder.name) / "certificate.pem"

    def open_connections(self) -> int:
        """How many connections stand on their side."""
        return int(self._ask("count")["open"])

    def hang_up(self) -> None:
        """Let them close all connections."""
        self._ask("hang up")

    def _ask(self, word: str) -> dict[str, int]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()
        said: dict[str, int] = json.loads(self._process.stdout.readline())
        return said

    def __enter__(self) -> Self:
        make_certificate(self.certificate)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.endurance.hanging", str(self.certificate)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=end_with_parent,
        )
        self.ports = self._ask("ports")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._process:
            self._process.kill()
        self._folder.cleanup()


def make_certificate(file: Path) -> None:
    """A certificate for SECURE_NAME, signed by itself, with its key, for an hour."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SECURE_NAME)])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(SECURE_NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + signed.public_bytes(serialization.Encoding.PEM)
    )


# Theirs


class Upstreams:
    """All of them, in one event loop."""

    def __init__(self) -> None:
        self.writers: set[asyncio.StreamWriter] = set()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection until its client leaves."""
        self.writers.add(writer)
        try:
            async for path in requests(reader):
                await reply(path, reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._let_go(writer)

    async def ignore(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read nothing. Whoever left is not noticed then: the kernel is asked."""
        self.writers.add(writer)
        with suppress(OSError):
            while not has_left(writer):  # noqa: ASYNC110  # nothing else would tell
                await asyncio.sleep(0.02)
        self._let_go(writer)

    def hang_up(self) -> None:
        for writer in list(self.writers):
            writer.transport.abort()

    def _let_go(self, writer: asyncio.StreamWriter) -> None:
        self.writers.discard(writer)
        writer.transport.abort()


async def requests(reader: asyncio.StreamReader) -> AsyncIterator[str]:
    """The path of each request, once all of it is read."""
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        length = next(int(line[15:]) for line in lines if line.lower().startswith(b"content-length:"))
        await reader.readexactly(length)
        yield lines[0].split(b" ")[1].decode()


async def reply(path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Raises OSError once the client has left, or returns when its answer is whole."""
    match path:
        case "/silent":
            await reader.read()
            raise ConnectionResetError
        case "/head":
            writer.write(HEAD)
            await reader.read()
            raise ConnectionResetError
        case "/stream" | "/flood":
            writer.write(CHUNKED)
            while not writer.transport.is_closing():
                writer.write(EVENT if path == "/stream" else FLOOD)
                await writer.drain()
                await asyncio.sleep(STREAM_PAUSE_SECONDS if path == "/stream" else 0)
            raise ConnectionResetError
        case _:
            writer.write(WHOLE)
            await writer.drain()


def has_left(writer: asyncio.StreamWriter) -> bool:
    """Whether the connection is no longer whole, by the kernel's account: its state is the first byte of TCP_INFO."""
    established = 1
    state: bytes = writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
    return state[0] != established


def full_socket() -> tuple[socket.socket, list[socket.socket]]:
    """A listening socket whose queue is full, and the connections that fill it."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=0)
    waiting: list[socket.socket] = []
    while len(waiting) < 100:
        client = socket.socket()
        client.settimeout(0.2)
        waiting.append(client)
        try:
            client.connect(listening.getsockname())
        except TimeoutError:
            return listening, waiting
    raise RuntimeError("This kernel takes connections without end.")


async def serve(certificate: str) -> None:
    """Answer on all ports, and obey standard input until it ends."""
    # Whoever leaves in the middle of a handshake is no news here.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL + 1)
    upstreams = Upstreams()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER_BYTES)
    deaf.bind(("127.0.0.1", 0))
    full, waiting = full_socket()
    servers = {
        "plain": await asyncio.start_server(upstreams.answer, "127.0.0.1", 0, backlog=BACKLOG),
        "secure": await asyncio.start_server(upstreams.answer, "127.0.0.1", 0, backlog=BACKLOG, ssl=context),
        "deaf": await asyncio.start_server(upstreams.ignore, sock=deaf, backlog=BACKLOG, limit=1),
    }
    ports = {name: server.sockets[0].getsockname()[1] for name, server in servers.items()}
    ports["full"] = full.getsockname()[1]
    while word := (await asyncio.to_thread(sys.stdin.readline)).strip():
        if word == "hang up":
            upstreams.hang_up()
        said = ports if word == "ports" else {"open": len(upstreams.writers)}
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()
    for client in waiting:
        client.close()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
