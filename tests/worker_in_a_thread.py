"""Celery inside the process of the tests: a thread sees their database as they do.

The pool is `solo` on purpose: with the threads pool the in-memory transport hands over eight tasks a poll.
"""

import logging
import os
import socket
import threading
import time
from types import TracebackType
from typing import Any, Self

import celery
from celery import beat
from celery.worker import state
from kombu.exceptions import OperationalError as BrokerError

from history.embedded.worker import ALONE

logger = logging.getLogger(__name__)

START_SECONDS = 120.0
STOP_SECONDS = 60.0
POLL_SECONDS = 0.01


class WorkerInAThread:
    """The worker of this process. Use it as a context manager, or call start() and stop()."""

    def __init__(self, app: Any = None) -> None:  # Any: celery.Celery or the proxy for the current one
        self._app = app or celery.current_app
        self._worker: Any = None  # celery.worker.WorkController, which has no types
        self._beat: beat.Service | None = None
        self._threads: list[threading.Thread] = []
        self._is_ready = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Start both threads; return when the worker takes tasks. Raises RuntimeError if it does not."""
        self._is_ready.clear()
        # Beat would look every ten seconds whom to probe: a task that no test has asked for, in the middle of any of them.
        self._app.conf.beat_schedule = {}
        # The scheduler in memory: the default one keeps a file.
        self._beat = beat.Service(self._app, max_interval=1, scheduler_cls=beat.Scheduler)
        self._threads = [
            threading.Thread(target=self._run_worker, name="celery-worker", daemon=True),
            threading.Thread(target=self._beat.start, name="celery-beat", daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        if not self._is_ready.wait(START_SECONDS):
            raise RuntimeError(f"The Celery worker in this process did not start within {START_SECONDS:g} s.")

    def stop(self, timeout_seconds: float = STOP_SECONDS) -> None:
        """Finish what was published, then end both threads. Whatever needs longer than that is lost, and said."""
        until = time.monotonic() + timeout_seconds
        if self._beat is not None:
            self._beat.stop()
        if self._worker is not None:
            if not self._is_drained(until):
                logger.error("The worker in this process ended before all of its tasks did.")
            # Said over the broker, which wakes the worker at once; its own stop() is noticed up to 2 s later.
            # Nobody needs to be warned of it: it is our own doing.
            logging.getLogger("celery.worker.control").setLevel(logging.ERROR)
            self._app.control.shutdown(destination=[self._worker.hostname])
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        self._worker, self._beat, self._threads = None, None, []

    def _run_worker(self) -> None:
        # Made in its own thread: on the way it closes this thread's database connections.
        self._worker = self._app.WorkController(
            hostname=f"tests-{os.getpid()}@{socket.gethostname()}",
            **ALONE,
            ready_callback=lambda consumer: self._is_ready.set(),
        )
        self._worker.start()

    def _is_drained(self, until: float) -> bool:
        """Wait until nothing is left to do, or the time is up."""
        while self._tasks_left():
            if time.monotonic() >= until or not self._threads[0].is_alive():
                return False
            time.sleep(POLL_SECONDS)
        return True

    def _tasks_left(self) -> int:
        # A task is between the queue and the worker's books for a moment: look at the queue first.
        waiting = self._tasks_waiting()
        return waiting + len(state.reserved_requests) + len(state.active_requests)

    def _tasks_waiting(self) -> int:
        try:
            with self._app.connection_for_read() as connection:
                channel: Any = (
                    connection.default_channel
                )  # Any: virtual transports have more than kombu's base class says
                return int(channel.queue_declare(self._app.conf.task_default_queue, passive=True).message_count)
        except (*self._app.connection_for_read().channel_errors, BrokerError):
            return 0  # no such queue yet: nothing was ever published
