"""What happened, on its way from the gateway to the database: kept on disk first. The one place that makes it durable.

    begin, attempt, record → journal (a file; before the client has its last byte) → a thread → workers → database

`begin`, `attempt` and `record` are synchronous and take microseconds, whatever is down. See history/journal.
"""

import logging
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connections

from history import store, tasks
from history.embedded import broker_is_a_folder
from history.journal.homes import tidy
from history.journal.shipper import Shipper, Ways
from history.journal.writer import Writer
from history.lines import attempt_line, begin_line, end_line
from history.records import Attempt, Begun, Exchange

logger = logging.getLogger(__name__)

SYNC_SECONDS = 1.0
TIDY_SECONDS = 5.0
ADOPT_SECONDS = 30.0
CONNECTION_KEPT_SECONDS = 10.0
"""After the last batch: opening one costs PostgreSQL more than writing a hundred rows."""
REST_SECONDS = 1.0
"""After nobody took a batch."""

DATABASE_AND_WORKERS = Ways(
    publish=tasks.publish,
    write=store.write_batch,
    written=store.written_batches,
    forget=store.forget_batches,
    reads_in_place=broker_is_a_folder,
)


class CannotRecord(Exception):
    """The journal cannot be written, and PLEXUS_JOURNAL_STRICT says that nothing may happen that is not recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How the history of this process fares."""

    recorded: int
    """Requests that ended here."""
    lost: int
    """Of those, requests whose row could not be kept: no room on the disk, or no right to write there."""
    pending: int
    """Rows in our journals that are not known to be in the database, those of dead processes that we took over included."""
    lag_seconds: float
    """Age of the oldest of our own rows among them; 0 without any."""
    quarantined: int
    """Rows that the database refused for what is in them."""
    adopted: int
    """Rows of dead processes that we took over."""
    damaged: int
    """Lines of journals that could not be read."""
    journal_bytes: int
    """Size of all journals on this machine, a few seconds ago."""


class Recorder:
    """Takes what happened from any thread, and delivers it from one of its own."""

    def __init__(
        self,
        root: Path,
        *,
        batch_rows: int = 500,
        flush_seconds: float = 0.2,
        syncs_each_line: bool = False,
        is_strict: bool = False,
        max_bytes: int = 1 << 30,
        keep_seconds: float = 86400.0,
        ways: Ways = DATABASE_AND_WORKERS,
        adopt_seconds: float = ADOPT_SECONDS,
        writer: Writer | None = None,
    ) -> None:
        self._root = root
        self._flush_seconds = flush_seconds
        self._is_strict = is_strict
        self._max_bytes = max_bytes
        self._keep_seconds = keep_seconds
        self._adopt_seconds = adopt_seconds
        self._writer = writer or Writer(root, syncs_each_line=syncs_each_line)
        self._shipper = Shipper(self._writer, ways, batch_rows=batch_rows)
        self._rows_at_once = self._shipper.rows_at_once
        self._lock = threading.Lock()
        self._lost = 0
        self._is_failing = False
        self._woken_at = 0
        """How many had ended when we last woke the shipper. About right is good enough."""
        self._journal_bytes = 0
        self._rows_delivered = 0
        self._connected_at = 0.0
        """When the delivering thread last needed the database; these two are its own."""
        self._wake = threading.Event()
        self._over = threading.Event()
        self._stop_at: float | None = None
        self._threads: list[threading.Thread] = []

    # What happens

    def begin(self, begun: Begun) -> None:
        """A request is about to be sent upstream for the first time. Raises CannotRecord, where that is the rule."""
        try:
            self._writer.begin(begun.id, begin_line(begun))
        except OSError as exc:
            self._not_kept(exc)
        else:
            self._is_failing = False

    def attempt(self, request_id: str, attempt: Attempt) -> None:
        """A try has ended, or the next begins (with the outcome that it has if we die). Raises CannotRecord as `begin`."""
        try:
            self._writer.note(request_id, attempt_line(request_id, attempt))
        except OSError as exc:
            self._not_kept(exc)
        else:
            self._is_failing = False

    def record(self, exchange: Exchange) -> None:
        """A request is over. Returns within microseconds and never raises."""
        try:
            self._writer.end(exchange.id, end_line(exchange))
        except Exception as exc:  # noqa: BLE001 - the request is over: it must not fail now, and others follow
            self._lose(exchange, exc)
            return
        self._is_failing = False
        if self._shipper.waiting_since is None:
            self._shipper.waiting_since = time.monotonic()
        ended = self._writer.ended
        if ended - self._woken_at >= self._rows_at_once:
            self._woken_at = ended
            self._wake.set()

    def _not_kept(self, exc: OSError) -> None:
        self._complain(exc)
        if self._is_strict:
            raise CannotRecord(str(exc)) from exc

    def _lose(self, exchange: Exchange, exc: Exception) -> None:
        with self._lock:
            self._lost += 1
        if isinstance(exc, OSError):
            self._complain(exc)
        else:
            logger.error("History cannot write down the request %s.", exchange.id, exc_info=exc)

    def _complain(self, exc: OSError) -> None:
        if not self._is_failing:
            self._is_failing = True
            so = "new requests are refused" if self._is_strict else "requests go on and their history is lost"
            logger.error("The journal in %s cannot be written, so %s: %s", self._root, so, exc)

    # How it fares

    @property
    def recorded(self) -> int:
        return self._writer.ended + self._lost

    @property
    def lost(self) -> int:
        return self._lost

    @property
    def pending(self) -> int:
        ours = self._writer.ended - self._shipper.own_delivered
        return max(0, ours) + max(0, self._shipper.adopted - self._shipper.adopted_delivered)

    @property
    def figures(self) -> Figures:
        since = self._shipper.oldest_since
        return Figures(
            recorded=self.recorded,
            lost=self._lost,
            pending=self.pending,
            lag_seconds=0.0 if since is None else max(0.0, time.monotonic() - since),
            quarantined=self._shipper.quarantined,
            adopted=self._shipper.adopted,
            damaged=self._shipper.damaged,
            journal_bytes=self._journal_bytes,
        )

    # Life

    def start(self) -> None:
        """Begin to deliver. Call it in the process that records: threads do not survive a fork."""
        self._threads = [
            threading.Thread(target=self._deliver, name="history-recorder", daemon=True),
            threading.Thread(target=self._look_after_disk, name="history-journal", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_seconds: float) -> None:
        """Deliver what is there, within the time given. What is left stays in the journal, for the next process."""
        threads, self._threads = self._threads, []
        if not threads:
            return
        until = time.monotonic() + timeout_seconds
        self._stop_at = until
        self._over.set()
        self._wake.set()
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        with suppress(OSError):
            self._writer.close()
        if left := self.pending:
            logger.warning("%d requests of the history wait in %s for the next process.", left, self._root)

    def _deliver(self) -> None:
        adopt_at = 0.0
        try:
            while self._stop_at is None:
                delivered = self._round()
                if time.monotonic() >= adopt_at:
                    self._shipper.adopt(self._root)
                    adopt_at = time.monotonic() + self._adopt_seconds
                self._rest(delivered)
            self._writer.close_segment()
            self._shipper.is_hurried = True
            while not (self._round() and self._shipper.is_delivered) and time.monotonic() < self._stop_at:
                time.sleep(0.02)
        finally:
            self._shipper.leave()
            connections.close_all()

    def _round(self) -> bool:
        try:
            delivered = self._shipper.round()
        except Exception:
            logger.exception("The history's delivery stumbled, and tries again.")
            delivered = False
        self._keep_connection(delivered)
        return delivered

    def _keep_connection(self, delivered: bool) -> None:
        """Keep this thread's own while batches keep coming: it may not need one again for days, nor one that fails."""
        rows, now = self._shipper.own_delivered + self._shipper.adopted_delivered, time.monotonic()
        if self._shipper.is_waiting or rows != self._rows_delivered:
            self._rows_delivered, self._connected_at = rows, now
        if not delivered or now - self._connected_at > CONNECTION_KEPT_SECONDS:
            connections.close_all()

    def _rest(self, delivered: bool) -> None:
        if delivered:
            self._wake.wait(self._flush_seconds)
            self._wake.clear()
        else:
            self._over.wait(REST_SECONDS)

    def _look_after_disk(self) -> None:
        """Apart from the deliveries: those may hang with a frozen database, and this must not."""
        tidy_at = 0.0
        while True:
            is_over = self._over.wait(SYNC_SECONDS)
            try:
                self._writer.sync()
            except OSError as exc:
                self._complain(exc)
            if time.monotonic() >= tidy_at:
                self._tidy()
                tidy_at = time.monotonic() + TIDY_SECONDS
            if is_over:
                return

    def _tidy(self) -> None:
        with suppress(OSError):
            self._journal_bytes = tidy(
                self._root, keep_seconds=self._keep_seconds, max_bytes=self._max_bytes, now=time.time()
            )
        self._writer.is_full = self._journal_bytes > self._max_bytes


def recorder_of_settings() -> Recorder:
    """As the settings want it."""
    return Recorder(
        settings.DATA_DIR / "journal",
        batch_rows=settings.PLEXUS_HISTORY_BATCH_ROWS,
        flush_seconds=settings.PLEXUS_HISTORY_FLUSH_SECONDS,
        syncs_each_line=settings.PLEXUS_JOURNAL_SYNC == "LINE",
        is_strict=settings.PLEXUS_JOURNAL_STRICT,
        max_bytes=settings.PLEXUS_JOURNAL_MAX_BYTES,
        keep_seconds=settings.PLEXUS_JOURNAL_KEEP_HOURS * 3600,
    )
