"""Passing the listening socket on to a successor, so that a restart refuses nobody.

    serve --take-over (new)                        serve (old)
    connects to the old one's Unix socket    →     sends its listening socket
    starts, and accepts from the same queue
    says that it is ready                    →     sets the Unix socket's name free
    offers the socket in its turn            ←     agrees, and drains as after SIGTERM

Both hold the same socket, so there is one queue of connections, and never a moment in which nobody may take from it.
With SO_REUSEPORT each process would have a queue of its own, and the kernel resets what waits in one that closes.

The Unix socket has a name and no file (Linux: abstract), so it dies with its process, and is seen where the port is
seen: in this network namespace. Each side looks who the other one is: only the same user, or root, is answered.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import sys
import threading
from typing import Self

START_SECONDS = 120.0
"""How long a successor may take to start. If it fails, or is slower, all stays as it was."""
ANSWER_SECONDS = 5.0
GREETING = b"a socket"
READY = b"ready"
YOURS = b"yours"


class NoHandover(Exception):
    """Sockets cannot be passed on here. The message says why."""


class Taken:
    """A listening socket that another process also has, and that process."""

    def __init__(self, listening: socket.socket, predecessor: socket.socket) -> None:
        self.listening = listening
        self._predecessor = predecessor

    def begin(self) -> None:
        """We accept: the predecessor may stop. Returns when the name is free for us."""
        with self._predecessor, contextlib.suppress(OSError):  # it may have ended meanwhile
            self._predecessor.settimeout(ANSWER_SECONDS)
            self._predecessor.sendall(READY)
            self._predecessor.recv(len(YOURS))


def take_over(host: str, port: int) -> Taken | None:
    """The listening socket of the `serve` that runs at this address; None when none runs. Raises NoHandover."""
    if sys.platform != "linux":
        raise NoHandover("--take-over works on Linux only. Stop the running gateway, then start this one.")
    predecessor = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    predecessor.settimeout(ANSWER_SECONDS)
    try:
        predecessor.connect(_name(host, port))
        _check_peer(predecessor)
        greeting, descriptors, _, _ = socket.recv_fds(predecessor, len(GREETING), 1)
    except OSError:
        predecessor.close()
        return None
    if greeting != GREETING or not descriptors:
        predecessor.close()
        return None
    return Taken(socket.socket(fileno=descriptors[0]), predecessor)


class Offer:
    """The listening socket, for whoever takes over. A successor that is ready stops this process as SIGTERM does."""

    def __init__(self, listening: socket.socket, host: str, port: int) -> None:
        self._listening = listening
        self._host = host
        self._port = port
        self._door: socket.socket | None = None

    def begin(self) -> None:
        """Wait for a successor, in a thread. Nothing happens where sockets cannot be passed on."""
        if sys.platform != "linux":
            return
        door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            door.bind(_name(self._host, self._port))
        except OSError:
            door.close()  # somebody else's name: we can be replaced as before, by stopping first
            return
        door.listen(1)
        self._door = door
        threading.Thread(target=self._wait, name="handover", daemon=True).start()

    def withdraw(self) -> None:
        """Set the name free."""
        door, self._door = self._door, None
        if door is not None:
            with contextlib.suppress(OSError):
                door.shutdown(socket.SHUT_RDWR)  # wakes the thread; closing does not
            door.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.withdraw()

    def _wait(self) -> None:
        while (door := self._door) is not None:
            try:
                successor, _ = door.accept()
            except OSError:
                return
            with successor, contextlib.suppress(OSError):
                self._hand_over(successor)

    def _hand_over(self, successor: socket.socket) -> None:
        """Raises OSError, TimeoutError among them, when the successor does not come to life."""
        _check_peer(successor)
        successor.settimeout(START_SECONDS)
        socket.send_fds(successor, [GREETING], [self._listening.fileno()])
        if successor.recv(len(READY)) == READY:
            self.withdraw()
            successor.sendall(YOURS)
            os.kill(os.getpid(), signal.SIGTERM)


def _name(host: str, port: int) -> str:
    return f"\0plexus-serve/{host}:{port}"


def _check_peer(connection: socket.socket) -> None:
    """Raise PermissionError for another user's process, unless it is root's."""
    assert sys.platform == "linux"
    size = struct.calcsize("3i")
    _, user, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    if user not in (0, os.getuid()):
        raise PermissionError("Another user's process.")
