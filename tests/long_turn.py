"""A turn at the configuration that does not come to an end: all others wait for it, in vain."""

import threading

from django.db import connections, transaction

from providers.models import Provider, hold_configuration

THREAD_SECONDS = 120.0


class LongTurn:
    """Somebody else's."""

    def __init__(self) -> None:
        self._began, self._ends = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._hold, daemon=True)

    def begin(self) -> None:
        self._thread.start()
        assert self._began.wait(THREAD_SECONDS)

    def end(self) -> None:
        self._ends.set()
        if self._thread.ident is not None:
            self._thread.join(THREAD_SECONDS)

    def _hold(self) -> None:
        try:
            with transaction.atomic():
                hold_configuration()
                Provider.objects.filter(name="nobody").update(enabled=True)
                self._began.set()
                self._ends.wait(THREAD_SECONDS)
        finally:
            connections.close_all()
