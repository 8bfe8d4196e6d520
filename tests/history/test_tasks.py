import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from history import store, tasks
from history.batch import Note
from history.lines import end_line
from history.models import AttemptLog, JournalBatch, RequestLog, TargetStat
from history.rows import OfAnotherRelease
from tests.history.exchanges import a_batch, an_exchange, as_told


@pytest.mark.django_db
def test_the_task_writes_its_batch() -> None:
    batch = a_batch(an_exchange())

    tasks.record_exchanges(batch.segment, batch.start, batch.end, batch.rows)

    assert RequestLog.objects.count() == 1
    assert batch.place in store.written_batches([batch.segment])


@pytest.mark.django_db
def test_requests_past_their_time_are_forgotten_with_their_attempts(settings: Settings) -> None:
    settings.PLEXUS_HISTORY_RETENTION_DAYS = 7
    now = timezone.now()
    old, young = an_exchange(at=now - timedelta(days=8)), an_exchange(at=now - timedelta(days=6))
    store.write([old, young])

    tasks.forget_old_history()

    assert [str(id) for id in RequestLog.objects.values_list("id", flat=True)] == [young.id]
    assert [str(id) for id in AttemptLog.objects.values_list("request_id", flat=True)] == [young.id]


@pytest.mark.django_db
def test_more_than_one_batch_is_forgotten(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PLEXUS_HISTORY_RETENTION_DAYS = 7
    monkeypatch.setattr(tasks, "FORGET_ROWS", 2)
    store.write([an_exchange(at=timezone.now() - timedelta(days=8)) for _ in range(5)])

    tasks.forget_old_history()

    assert not RequestLog.objects.exists()


@pytest.mark.django_db
def test_hours_are_remembered_longer_than_minutes() -> None:
    store.write([an_exchange(at=timezone.now() - timedelta(days=30))])

    tasks.forget_old_history()

    assert set(TargetStat.objects.values_list("resolution", flat=True)) == {"hour"}


@pytest.mark.django_db
def test_notes_of_machines_that_never_came_back_are_forgotten() -> None:
    old, young = a_batch(an_exchange()), a_batch(an_exchange())
    for batch in (old, young):
        store.write_batch(batch)
    JournalBatch.objects.filter(segment=old.segment).update(written_at=timezone.now() - timedelta(days=30))

    tasks.forget_old_history()

    assert [note.segment for note in JournalBatch.objects.all()] == [young.segment]


def wait_for_a_request() -> None:
    until = timezone.now() + timedelta(seconds=60)
    while not RequestLog.objects.exists() and timezone.now() < until:
        time.sleep(0.02)
    assert RequestLog.objects.count() == 1


def rename_column(old: str, new: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE history_requestlog RENAME COLUMN {old} TO {new}")


@pytest.mark.django_db(transaction=True)
def test_a_published_batch_is_written_by_a_worker(celery_worker: None) -> None:
    tasks.publish(a_batch(an_exchange()))

    wait_for_a_request()


@pytest.mark.django_db(transaction=True)
def test_a_batch_waits_for_a_schema_that_is_behind(celery_worker: None) -> None:
    rename_column("finish_reason", "of_another_release")
    try:
        tasks.publish(a_batch(an_exchange()))
        time.sleep(0.5)
    finally:
        rename_column("of_another_release", "finish_reason")

    wait_for_a_request()


@pytest.mark.django_db
def test_a_batch_that_waits_is_said(caplog: pytest.LogCaptureFixture) -> None:
    batch = a_batch(as_told(an_exchange(), of_another_release=1))

    with pytest.raises(OfAnotherRelease):
        tasks.record_exchanges(batch.segment, batch.start, batch.end, batch.rows)

    assert f"History waits: {batch.id} " in caplog.text


@pytest.mark.django_db
def test_a_batch_without_its_rows_is_read_where_it_stands(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    home = tmp_path / "journal" / "a-process"
    home.mkdir(parents=True)
    exchanges = [an_exchange() for _ in range(3)]
    lines = [end_line(exchange) for exchange in exchanges]
    (home / "000001.journal").write_bytes(b"".join(lines))
    start, end = len(lines[0]), len(b"".join(lines))

    tasks.record_exchanges("a-process/000001", start, end)

    assert {str(id) for id in RequestLog.objects.values_list("id", flat=True)} == {one.id for one in exchanges[1:]}
    assert ("a-process/000001", start, end) in store.written_batches(["a-process/000001"])


@pytest.mark.django_db
def test_lines_that_a_worker_cannot_read_are_in_its_note(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    home = tmp_path / "journal" / "a-process"
    home.mkdir(parents=True)
    good, lines = an_exchange(), b"0000 damaged\n" + end_line(an_exchange()).replace(b'"', b"'")
    (home / "000001.journal").write_bytes(lines + end_line(good))
    end = len(lines + end_line(good))

    tasks.record_exchanges("a-process/000001", 0, end)

    assert [str(id) for id in RequestLog.objects.values_list("id", flat=True)] == [good.id]
    assert store.written_batches(["a-process/000001"]) == {("a-process/000001", 0, end): Note(damaged=2)}


@pytest.mark.django_db
def test_a_batch_whose_segment_is_gone_is_in_the_database_already(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path

    tasks.record_exchanges("a-process/000001", 0, 100)

    assert not RequestLog.objects.exists()
    assert not JournalBatch.objects.exists(), "nobody would ever forget the note"
