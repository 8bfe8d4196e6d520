"""What happened, on its way from the gateway to the database. The one place to make it durable.

    record(exchange) → memory → a thread, in batches → Celery ─→ the database
                                                     └─ broker down ─┘

While the database is down too, exchanges wait in memory: the newest are dropped, and counted, once that is full.
A broker that took a batch and did not say so does no harm, since every exchange is written once (history/store.py).
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from uuid import uuid4

from django.db import connections

from history import store, tasks
from history.records import Exchange
from history.rows import Row, row_of

logger = logging.getLogger(__name__)

MOST_PENDING = 100_000
BROKER_REST_SECONDS = 5.0
"""How long a broker that failed is left alone: each try costs up to its timeout."""
DATABASE_REST_SECONDS = 1.0

Publish = Callable[[str, list[Row]], None]
Write = Callable[[Sequence[Row]], object]


class Recorder:
    """Takes exchanges from any thread and delivers them from one of its own."""

    def __init__(
        self,
        batch_rows: int,
        flush_seconds: float,
        publish: Publish = tasks.publish,
        write: Write = store.write,
        most_pending: int = MOST_PENDING,
    ) -> None:
        self._batch_rows = batch_rows
        self._flush_seconds = flush_seconds
        self._publish = publish
        self._write = write
        self._most_pending = most_pending
        self._lock = threading.Lock()
        self._waiting: deque[Exchange] = deque()
        self._in_hand = 0
        self._recorded = 0
        self._dropped = 0
        self._wake = threading.Event()
        self._stop_at: float | None = None
        self._thread: threading.Thread | None = None
        self._broker_rests_until = 0.0
        self._complaints: set[str] = set()

    @property
    def recorded(self) -> int:
        """Exchanges taken so far."""
        return self._recorded

    @property
    def pending(self) -> int:
        """Taken, and not yet delivered."""
        return len(self._waiting) + self._in_hand

    @property
    def dropped(self) -> int:
        """Lost: there was no room, or no time when we stopped."""
        return self._dropped

    def start(self) -> None:
        """Begin to deliver. Call it in the process that records: threads do not survive a fork."""
        self._stop_at = None
        self._thread = threading.Thread(target=self._run, name="history-recorder", daemon=True)
        self._thread.start()

    def record(self, exchange: Exchange) -> None:
        """Take an exchange. Returns within microseconds and never raises, whatever is down."""
        with self._lock:
            self._recorded += 1
            if self.pending >= self._most_pending:
                self._dropped += 1
                return
            self._waiting.append(exchange)
            is_full = len(self._waiting) >= self._batch_rows
        if is_full:
            self._wake.set()

    def stop(self, timeout_seconds: float) -> None:
        """Deliver what is there, within the time given; what is left then is dropped, and said."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._stop_at = time.monotonic() + timeout_seconds
        self._wake.set()
        thread.join(timeout_seconds)
        if lost := self._drop_the_rest():
            logger.error("History lost %d requests: neither broker nor database took them in time.", lost)

    def _run(self) -> None:
        while self._stop_at is None:
            self._wake.wait(self._flush_seconds)
            self._wake.clear()
            if not self._flush():
                self._wake.wait(DATABASE_REST_SECONDS)
        while not self._flush() and time.monotonic() < self._stop_at:
            time.sleep(min(0.1, self._flush_seconds))

    def _flush(self) -> bool:
        """Deliver all that waits. False where nobody takes it."""
        if self._dropped:
            self._complain_once("full", "History is full at %d requests and drops new ones.", self._most_pending)
        while batch := self._take():
            delivered = self._deliver([row for exchange in batch if (row := self._row_of(exchange))])
            self._put_away(batch, delivered=delivered)
            if not delivered:
                return False
        return True

    def _take(self) -> list[Exchange]:
        with self._lock:
            batch = [self._waiting.popleft() for _ in range(min(self._batch_rows, len(self._waiting)))]
            self._in_hand = len(batch)
        return batch

    def _put_away(self, batch: list[Exchange], *, delivered: bool) -> None:
        with self._lock:
            if not delivered:
                self._waiting.extendleft(reversed(batch))
            self._in_hand = 0

    def _row_of(self, exchange: Exchange) -> Row | None:
        try:
            return row_of(exchange)
        except Exception:  # one that cannot be written down must not stop the others
            logger.exception("History cannot write down the request %s.", exchange.id)
            self._count_dropped(1)
            return None

    def _deliver(self, rows: list[Row]) -> bool:
        return not rows or self._published(rows) or self._written(rows)

    def _published(self, rows: list[Row]) -> bool:
        if time.monotonic() < self._broker_rests_until:
            return False
        try:
            self._publish(uuid4().hex, rows)
        except Exception as exc:  # noqa: BLE001 - each broker has its own; all mean that nobody took the batch
            self._broker_rests_until = time.monotonic() + BROKER_REST_SECONDS
            self._complain_once("broker", "The broker takes no history; writing it to the database directly: %s", exc)
            return False
        self._complaints.discard("broker")
        return True

    def _written(self, rows: list[Row]) -> bool:
        try:
            self._write(rows)
        except Exception as exc:  # noqa: BLE001 - whatever it is, the rows are kept and tried again
            self._complain_once("database", "Nor does the database take history; keeping it in memory: %s", exc)
            return False
        finally:
            connections.close_all()  # this thread's own: it may not need one again for days
        self._complaints.discard("database")
        return True

    def _complain_once(self, about: str, message: str, *arguments: object) -> None:
        if about not in self._complaints:
            self._complaints.add(about)
            logger.warning(message, *arguments)

    def _count_dropped(self, number: int) -> None:
        with self._lock:
            self._dropped += number

    def _drop_the_rest(self) -> int:
        with self._lock:
            lost = self.pending
            self._dropped += lost
            self._waiting.clear()
            self._in_hand = 0
        return lost
