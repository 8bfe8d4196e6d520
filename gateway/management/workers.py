"""Several serving processes on one socket.

The parent only watches: it starts a new worker for one that died, and passes requests to stop on.
"""

import multiprocessing
import signal
import socket
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Semaphore
from types import FrameType

from gateway.management.serving import gateway_server

SHORT_LIFE_SECONDS = 10.0
"""A worker that dies within this has not died of a mishap: the next one would, too."""
LOOK_EVERY_SECONDS = 0.2

spawning = multiprocessing.get_context("spawn")


class WorkersFailed(Exception):
    """A worker did not survive its start."""


class Workers:
    """`count` processes that serve on `listening`. `run` returns when all have ended after a request to stop."""

    def __init__(
        self, count: int, listening: socket.socket, *, drain_seconds: float, on_ready: Callable[[], None]
    ) -> None:
        self.count = count
        self.on_ready = on_ready
        self._listening = listening
        self._drain_seconds = drain_seconds
        self._ready: Semaphore = spawning.Semaphore(0)
        self._started_at: dict[SpawnProcess, float] = {}
        self._is_stopping = False

    def request_stop(self, signum: int = 0, frame: FrameType | None = None) -> None:
        self._is_stopping = True
        for process in list(self._started_at):
            if process.is_alive():
                process.terminate()

    def run(self) -> None:
        """Raises WorkersFailed."""
        for _ in range(self.count):
            self._start()
        not_ready = self.count
        while self._started_at:
            wait([process.sentinel for process in self._started_at], timeout=LOOK_EVERY_SECONDS)
            while not_ready and self._ready.acquire(block=False):
                not_ready -= 1
                if not not_ready:
                    self.on_ready()
            self._replace_the_dead()

    def _start(self) -> None:
        arguments = (self._listening, self._drain_seconds, self._ready)
        process = spawning.Process(target=work, args=arguments, name="plexus-worker")
        # A terminal sends Ctrl-C to all its processes. Workers inherit that they do not hear it: they stop when we say so.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        self._started_at[process] = time.monotonic()
        if self._is_stopping:
            process.terminate()

    def _replace_the_dead(self) -> None:
        for process in [process for process in self._started_at if not process.is_alive()]:
            lived_seconds = time.monotonic() - self._started_at.pop(process)
            if self._is_stopping:
                continue
            if lived_seconds < SHORT_LIFE_SECONDS:
                self.request_stop()
                self._wait_for_all()
                raise WorkersFailed(f"A worker ended right after its start, with exit code {process.exitcode}.")
            self._start()

    def _wait_for_all(self) -> None:
        for process in list(self._started_at):
            process.join()


def work(listening: socket.socket, drain_seconds: float, ready: Semaphore) -> None:
    """A worker's whole life."""
    server = gateway_server(drain_seconds=drain_seconds, on_ready=ready.release)
    signal.signal(signal.SIGTERM, server.request_stop)
    threading.Thread(target=_stop_with_the_parent, args=(server.request_stop,), daemon=True).start()
    server.run([listening])


def _stop_with_the_parent(request_stop: Callable[[], None]) -> None:
    """A parent that was killed stops nobody: then its workers stop by themselves, and set the port free."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "Only spawned processes work."
    parent.join()
    request_stop()
