"""Serving in this very process, with the history's worker inside where the broker reaches no other process."""

import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from django.conf import settings

from gateway.management.serving import gateway_server, stop_signals_to

WORKER_NEEDED = (
    "A Celery worker of its own must run, to write the history and to forget what is old: "
    "celery -A plexus_site worker -B"
)
"""Said where the broker reaches other processes. -B (beat) is what makes PLEXUS_HISTORY_RETENTION_DAYS work."""


def broker_is_in_memory() -> bool:
    """Whether tasks reach only this process: then the Celery worker runs inside it, and there can be but one."""
    return bool(settings.CELERY_BROKER_URL.startswith("memory:"))


def serve(listening: socket.socket, *, on_ready: Callable[[], None]) -> None:
    """Serve until Ctrl-C or SIGTERM. What could be written of the history is written when this returns."""
    server = gateway_server(drain_seconds=settings.PLEXUS_DRAIN_SECONDS, on_ready=on_ready)
    # The worker outlives the server, whose last act is to hand it the last of the history.
    with stop_signals_to(server.request_stop), history_worker():
        server.run([listening])


def history_worker() -> AbstractContextManager[object]:
    """What writes the history while the block runs; nothing where another process does."""
    if not broker_is_in_memory():
        return nullcontext()
    from history.embedded import EmbeddedWorker

    return EmbeddedWorker()
