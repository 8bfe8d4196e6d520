"""The process beside the gateway that writes its history, where no broker carries it to workers elsewhere.

    begin ─→ start ─→ wait until it has died ─→ pause ─→ start …
    end   ─→ close its standard input: it does what waits, and ends          (see history/embedded/worker.py)

A process, and no thread: two threads of one process never run Python at the same time, so every request would wait for it.
"""

import logging
import os
import subprocess
import sys
import threading
from typing import Self

from django.conf import settings

from gateway.management.pauses import Pauses
from history.embedded import broker_is_a_folder

COMMAND = [sys.executable, "-m", "history.embedded.worker"]
WORKER_NEEDED = (
    "A Celery worker of its own must run, to write the history and to forget what is old: "
    "celery -A plexus_site worker -B"
)
"""Said where the broker is a server. -B (beat) is what makes PLEXUS_HISTORY_RETENTION_DAYS work."""
END_SECONDS = 10.0
"""After which it is killed. By itself it gives up before that."""

logger = logging.getLogger(__name__)


class HistoryWorker:
    """Keeps one alive between `begin` and the end of the block. Nothing happens where the broker is a server."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_over = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.end()

    def begin(self) -> None:
        """Call it when the gateway serves: nobody needs to wait for this one."""
        if broker_is_a_folder():
            self._thread = threading.Thread(target=self._keep, name="history-worker", daemon=True)
            self._thread.start()

    def end(self) -> None:
        """Return when it has ended."""
        with self._lock:
            self._is_over.set()
            process = self._process
        if process is not None and process.stdin is not None:
            process.stdin.close()
        if self._thread is None:
            return
        self._thread.join(END_SECONDS)
        if process is not None and self._thread.is_alive():
            logger.error("The history's worker did not end in time, and is killed. What is left is in the journal.")
            process.kill()
            self._thread.join()

    def _keep(self) -> None:
        pauses = Pauses()
        while not self._is_over.is_set():
            how = self._live()
            if self._is_over.is_set():
                return
            pause = pauses.next_seconds()
            logger.error("The history's worker %s. Another one takes its place in %g s.", how, pause)
            self._is_over.wait(pause)

    def _live(self) -> str:
        """Start one; return when it has ended, and how."""
        try:
            process = self._started()
        except OSError as exc:
            return f"could not start: {exc}"
        return "has ended" if process is None else f"ended with exit code {process.wait()}"

    def _started(self) -> subprocess.Popen[bytes] | None:
        """None when it is too late for that."""
        with self._lock:
            if self._is_over.is_set():
                return None
            self._process = subprocess.Popen(
                COMMAND,
                env=_environment(),
                stdin=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,  # Ctrl-C is for the gateway, which says when we end
            )
            return self._process


def _environment() -> dict[str, str]:
    """Ours, from wherever `manage.py` was called."""
    places = [str(settings.BASE_DIR), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, places)),
        "CELERY_SKIP_CHECKS": "1",  # the gateway has made them
    }
