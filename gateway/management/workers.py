"""Several serving processes on one socket.

The parent only watches: it starts a new worker for one that died, and passes requests to stop on.
"""

import logging
import multiprocessing
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Event
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

from gateway.management.pauses import Pauses
from gateway.management.serving import gateway_server
from gateway.metrics.store import share_in

LOOK_EVERY_SECONDS = 0.2

logger = logging.getLogger(__name__)
spawning = multiprocessing.get_context("spawn")


class WorkersFailed(Exception):
    """A worker could not start, when none had served yet: another one could not either."""


class Workers:
    """`count` processes that serve on `listening`. `run` returns when all have ended after a request to stop."""

    def __init__(
        self, count: int, listening: socket.socket, *, drain_seconds: float, on_ready: Callable[[], None]
    ) -> None:
        self.count = count
        self.on_ready = on_ready
        self._listening = listening
        self._drain_seconds = drain_seconds
        self._alive: dict[SpawnProcess, Event] = {}
        """Each with what it sets when it serves."""
        self._due: list[float] = []
        """When those start that take the place of dead ones, on the monotonic clock."""
        self._pauses = Pauses()
        self._is_stopping = False
        self._has_begun = False
        """All of them have served. From then on whatever ends a worker, also while it starts, must not end the others."""

    def request_stop(self, signum: int = 0, frame: FrameType | None = None) -> None:
        self._is_stopping = True
        for process in list(self._alive):
            if process.is_alive():
                process.terminate()

    def run(self) -> None:
        """Raises WorkersFailed."""
        with TemporaryDirectory(prefix="plexus-figures-") as folder:
            self._figures = Path(folder)
            self._run()

    def _run(self) -> None:
        for _ in range(self.count):
            self._start()
        while self._alive or (self._due and not self._is_stopping):
            wait([process.sentinel for process in self._alive], timeout=LOOK_EVERY_SECONDS)
            if not self._has_begun and all(ready.is_set() for ready in self._alive.values()):
                self._has_begun = True
                self.on_ready()
            if self._is_stopping:
                # Ours is a copy. Held open without anybody to accept, it would let clients wait instead of going elsewhere.
                self._listening.close()
            self._bury_the_dead()
            self._start_those_due()

    def _start(self) -> None:
        with _unheard_by_children():
            ready = spawning.Event()  # which starts multiprocessing's own tracker, if it does not run yet
        arguments = (self._listening, self._drain_seconds, self._figures, ready)
        process = spawning.Process(target=work, args=arguments, name="plexus-worker")
        with _unheard_by_children():
            process.start()
        self._alive[process] = ready
        if self._is_stopping:
            process.terminate()

    def _bury_the_dead(self) -> None:
        for process in [process for process in self._alive if not process.is_alive()]:
            served = self._alive.pop(process).is_set()
            if self._is_stopping:
                continue
            if not served and not self._has_begun:
                self.request_stop()
                self._wait_for_all()
                raise WorkersFailed(f"A worker could not start; it ended with exit code {process.exitcode}.")
            pause = self._pauses.next_seconds()
            logger.error(
                "A worker ended with exit code %s. Another one takes its place in %g s.", process.exitcode, pause
            )
            self._due.append(time.monotonic() + pause)

    def _start_those_due(self) -> None:
        now = time.monotonic()
        due = [moment for moment in self._due if moment <= now]
        self._due = [moment for moment in self._due if moment > now]
        if not self._is_stopping:
            for _ in due:
                self._start()

    def _wait_for_all(self) -> None:
        for process in list(self._alive):
            process.join()


@contextmanager
def _unheard_by_children() -> Iterator[None]:
    """A terminal sends Ctrl-C, and its end, to all its processes. Those that start now inherit that they do not hear it.

    They stop when we say so: else nobody's answer would come to its end.
    """
    signals = [signal.SIGINT, signal.SIGHUP]
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)


def work(listening: socket.socket, drain_seconds: float, figures: Path, ready: Event) -> None:
    """A worker's whole life."""
    share_in(figures)
    server = gateway_server(drain_seconds=drain_seconds, on_ready=ready.set)
    signal.signal(signal.SIGTERM, server.request_stop)
    threading.Thread(target=_stop_with_the_parent, args=(server.request_stop,), daemon=True).start()
    server.run([listening])


def _stop_with_the_parent(request_stop: Callable[[], None]) -> None:
    """A parent that was killed stops nobody: then its workers stop by themselves, and set the port free."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "Only spawned processes work."
    parent.join()
    request_stop()
