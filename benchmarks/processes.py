"""Starting servers on free ports of loopback, and ending them with all that they started."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import accounting
from benchmarks.failures import CannotMeasure

START_SECONDS = 90.0
STOP_SECONDS = 15.0
POLL_SECONDS = 0.05
KEPT_LOG_LINES = 15
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that answers on `port`."""

    pid: int
    port: int


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def raise_descriptor_limit() -> int:
    """Allow this process and those it starts as many open files as the system lets it. Returns how many."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


@contextmanager
def serving(
    command: Sequence[str],
    *,
    port: int,
    log: Path,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Iterator[Server]:
    """The server while the block runs, from when it accepts connections. Raises CannotMeasure if it never does.

    `environ` is its whole environment; without one it inherits ours.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            list(command),
            env=None if environ is None else dict(environ),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is ours to hear; they end when we say so
            preexec_fn=end_with_parent,  # safe: no other thread of ours runs
        )
    try:
        _wait_until_it_accepts(process, port, log)
        yield Server(pid=process.pid, port=port)
    finally:
        stop(process)


def end_with_parent() -> None:
    """Let the calling process get SIGTERM when its parent dies, however that happens."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask the process to end; after a while, end it and all that descends from it."""
    descendants = accounting.tree(process.pid)
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for left in descendants[1:]:
        _end(left, group=process.pid)


def _end(left: int, *, group: int) -> None:
    """End a process that its parent left behind, and wait until it has. One outside the group is a stranger by now."""
    until = time.monotonic() + STOP_SECONDS
    while time.monotonic() < until:
        try:
            if os.getpgid(left) != group or accounting.has_ended(left):
                return
            os.kill(left, signal.SIGKILL)
        except ProcessLookupError:
            return
        time.sleep(POLL_SECONDS)


def _wait_until_it_accepts(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise CannotMeasure(f"It ended with exit code {process.returncode}:\n{last_lines(log)}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(POLL_SECONDS)
        else:
            return
    raise CannotMeasure(f"It did not listen within {START_SECONDS:g} s:\n{last_lines(log)}")


def last_lines(log: Path) -> str:
    """What a server said at last."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-KEPT_LOG_LINES:])
