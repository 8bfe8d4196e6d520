"""The recorder on a real worker and a real database, and the connection that it keeps to it."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connections
from django.db.backends.signals import connection_created

from history.models import JournalBatch, QuarantinedRecord, RequestLog
from history.recorder import DATABASE_AND_WORKERS
from providers.pricing import Usage
from tests.history.exchanges import an_exchange
from tests.history.postman import Postman, left_in, recording, short_rests, wait_until

__all__ = ["short_rests"]


@pytest.mark.django_db(transaction=True)
def test_from_record_to_row_through_a_real_worker(tmp_path: Path, celery_worker: None) -> None:
    with recording(tmp_path, DATABASE_AND_WORKERS) as recorder:
        for _ in range(20):
            recorder.record(an_exchange())
        wait_until(lambda: recorder.pending == 0)

    assert RequestLog.objects.count() == 20
    assert recorder.figures.journal_bytes > 0
    assert left_in(tmp_path) == []
    assert not JournalBatch.objects.exists(), "the notes go with the segment"


@pytest.mark.django_db(transaction=True)
def test_a_row_that_the_database_refuses_is_counted_and_kept(tmp_path: Path, celery_worker: None) -> None:
    poisoned = an_exchange(usage=Usage(input_tokens=10**30, output_tokens=1))

    with recording(tmp_path, DATABASE_AND_WORKERS) as recorder:
        for exchange in (an_exchange(), poisoned, an_exchange()):
            recorder.record(exchange)
        wait_until(lambda: recorder.pending == 0)

    assert recorder.figures.quarantined == 1
    assert RequestLog.objects.count() == 2
    assert QuarantinedRecord.objects.get().request_id == poisoned.id


@pytest.mark.django_db(transaction=True)
def test_one_connection_serves_while_batches_keep_coming(tmp_path: Path) -> None:
    opened: list[object] = []

    def note(**about: object) -> None:
        if threading.current_thread().name == "history-recorder":
            opened.append(about)

    connection_created.connect(note)
    try:
        with recording(
            tmp_path, replace(DATABASE_AND_WORKERS, publish=Postman(broker_is_down=True).publish)
        ) as recorder:
            for number in range(5):
                recorder.record(an_exchange())
                wait_until(lambda number=number: RequestLog.objects.count() == number + 1)  # type: ignore[misc]
    finally:
        connection_created.disconnect(note)

    assert len(opened) <= 2, "one to write, and at the end one more at most"


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_nobody_needs_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("history.recorder.CONNECTION_KEPT_SECONDS", 0.05)
    closed = threading.Event()
    close_all = connections.close_all

    def note() -> None:
        closed.set()
        close_all()

    with recording(tmp_path, DATABASE_AND_WORKERS) as recorder:
        recorder.record(an_exchange())
        wait_until(lambda: recorder.pending == 0)
        monkeypatch.setattr("history.recorder.connections.close_all", note)

        wait_until(closed.is_set)
