"""Freezing and killing the servers that a test started: all processes of one, by their ids."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import redis

from tests.throwaway_servers import Server


def processes_of_postgres(server: Server) -> list[int]:
    """The server's process and those that it began for its connections."""
    with psycopg.connect(server.url) as connection:
        row = connection.execute("SELECT pg_read_file('postmaster.pid')").fetchone()
    assert row is not None
    postmaster = int(row[0].split()[0])
    return [postmaster, *_children_of(postmaster)]


def processes_of_valkey(server: Server) -> list[int]:
    client = redis.Redis.from_url(server.url)
    try:
        return [int(client.info("server")["process_id"])]
    finally:
        client.close()


def send(signum: signal.Signals, processes: list[int]) -> None:
    for pid in processes:
        with suppress(ProcessLookupError):
            os.kill(pid, signum)


@contextmanager
def frozen(processes: list[int]) -> Iterator[None]:
    """They keep their connections, and answer nothing."""
    send(signal.SIGSTOP, processes)
    try:
        yield
    finally:
        send(signal.SIGCONT, processes)


def _children_of(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == parent:
                found.append(int(stat.parent.name))
    return found
