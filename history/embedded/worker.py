"""The worker's whole life: `python -m history.embedded.worker`, which lives as long as its standard input is open.

Whoever started it holds the other end. When that one stops us it closes it; when it is killed, the kernel does. Either way we do
what waits and end. Signals do not end us: terminals and systemd send theirs to all processes at once, and the gateway, which
lets its streams end first, still has history for us then.
"""

import os
import signal
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

STOP_SECONDS = 8.0
"""For what waits. Longer than that, and a database keeps us; what is left is in the journal."""
LOOK_SECONDS = 0.02
TASKS_PER_CONNECTION = 500
"""To a file, which does not go away as a server does. Celery would open it anew for each task."""
ALONE: Mapping[str, Any] = {  # Any: options of all kinds
    "pool_cls": "solo",
    "concurrency": 1,
    "without_mingle": True,
    "without_gossip": True,
    "without_heartbeat": True,
    "task_events": False,
    "loglevel": "WARNING",
    "quiet": True,
}
"""For a worker that has no others to talk to, and does one task at a time."""
IGNORED = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def main() -> None:
    for signum in IGNORED:
        signal.signal(signum, signal.SIG_IGN)
    is_set_up = threading.Event()
    threading.Thread(target=_end_with_standard_input, args=[is_set_up], name="end", daemon=True).start()

    # All that takes a while comes after that.
    import django
    from celery import beat

    django.setup()
    app = _application()
    _keep_connection(app)
    worker = _worker(app)
    is_set_up.set()
    # Its scheduler in memory: the default one keeps a file. The schedule's tasks are due hourly, and harmless twice.
    service = beat.Service(app, scheduler_cls=beat.Scheduler)
    threading.Thread(target=service.start, name="beat", daemon=True).start()
    worker.start()


def _application() -> Any:  # Any: the proxy for a celery.Celery, which the settings have made
    from celery import current_app

    return current_app


def _keep_connection(app: Any) -> None:
    from django.db import connection

    if connection.vendor == "sqlite":
        app.conf["CELERY_DB_REUSE_MAX"] = TASKS_PER_CONNECTION


def _worker(app: Any) -> Any:  # Any: celery.worker.WorkController, which has no types
    return app.WorkController(
        hostname=f"history-{os.getpid()}@localhost",
        **ALONE,
    )


def _end_with_standard_input(is_set_up: threading.Event) -> None:
    while os.read(0, 1024):
        pass  # nobody writes there
    until = time.monotonic() + STOP_SECONDS
    # Two threads that import the same modules at once may each find them half made.
    is_set_up.wait(STOP_SECONDS)
    _do_what_waits(until)
    from celery.worker import state

    state.should_stop = os.EX_OK  # type: ignore[assignment]  # the worker looks at it between two tasks
    time.sleep(max(0.0, until - time.monotonic()))
    os._exit(1)


def _do_what_waits(until: float) -> None:
    from django.conf import settings

    from history.embedded.folder import is_waiting

    options: Mapping[str, Any] = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    place = Path(options["folder"]) / "celery"  # Celery's name for its one queue
    while is_waiting(place) and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    main()
