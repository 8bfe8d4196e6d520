"""Serving in this very process."""

import socket
from collections.abc import Callable

from django.conf import settings

from gateway.management.history_worker import HistoryWorker
from gateway.management.serving import gateway_server, stop_signals_to


def serve(listening: socket.socket, *, on_ready: Callable[[], None]) -> None:
    """Serve until Ctrl-C or SIGTERM. What could be written of the history is written when this returns."""
    worker = HistoryWorker()

    def go_on() -> None:
        on_ready()
        worker.begin()

    server = gateway_server(drain_seconds=settings.PLEXUS_DRAIN_SECONDS, on_ready=go_on)
    # The worker outlives the server, whose last act is to hand it the last of the history.
    with stop_signals_to(server.request_stop), worker:
        server.run([listening])
