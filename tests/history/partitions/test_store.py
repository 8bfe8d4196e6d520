"""Pieces per day, on PostgreSQL. Elsewhere nothing is cut, and nothing fails."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from history import store as writing
from history import tasks
from history.models import AttemptLog, RequestLog
from history.partitions import days, store
from tests.history.exchanges import an_exchange

TABLE = "history_requestlog"
LONG_AGO = datetime(2021, 3, 4, 12, tzinfo=UTC)
on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL is cut")
pytestmark = pytest.mark.django_db


def rows_in(piece: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {piece}")
        return int(cursor.fetchone()[0])


@pytest.mark.skipif(connection.vendor == "postgresql", reason="about every other database")
def test_elsewhere_nothing_is_cut() -> None:
    assert store.make_ahead(date(2030, 1, 1)) == store.drop_before(timezone.now()) == []
    tasks.make_pieces_ahead()


@on_postgresql
def test_the_coming_week_is_made_ready_once() -> None:
    today = timezone.now().date()

    tasks.make_pieces_ahead()

    assert {days.piece_of(TABLE, day) for day in days.ahead(today)} <= set(store.pieces_of(TABLE))
    assert store.make_ahead(today) == []


@on_postgresql
def test_a_request_and_its_attempts_lie_in_the_piece_of_its_day() -> None:
    today = timezone.now()
    tasks.make_pieces_ahead()

    writing.write([an_exchange(at=today)])

    assert rows_in(days.piece_of(TABLE, today.date())) == 1
    assert rows_in(days.piece_of("history_attemptlog", today.date())) == 1


@on_postgresql
def test_what_no_piece_takes_lies_with_the_rest_until_its_piece_is_made() -> None:
    writing.write([an_exchange(at=LONG_AGO), an_exchange(at=LONG_AGO), an_exchange(at=LONG_AGO + timedelta(days=1))])
    assert rows_in(days.rest_of(TABLE)) == 3

    store.make([LONG_AGO.date()])

    assert (rows_in(days.rest_of(TABLE)), rows_in(days.piece_of(TABLE, LONG_AGO.date()))) == (1, 2)
    assert rows_in(days.piece_of("history_attemptlog", LONG_AGO.date())) == 2
    assert RequestLog.objects.count() == AttemptLog.objects.count() == 3


@on_postgresql
def test_one_request_is_looked_for_in_one_piece_only() -> None:
    row = an_exchange(at=timezone.now())
    tasks.make_pieces_ahead()

    plan = RequestLog.objects.filter(id=row.id).explain()

    assert "Append" not in plan
    assert days.piece_of(TABLE, timezone.now().date()) in plan


@on_postgresql
def test_the_same_batch_in_a_piece_counts_once() -> None:
    batch = [an_exchange(at=timezone.now())]
    tasks.make_pieces_ahead()

    writing.write(batch)
    again = writing.write(batch)

    assert (again.new, again.known, RequestLog.objects.count()) == (0, 1, 1)


@on_postgresql
def test_days_past_their_time_are_dropped_and_the_others_stay(settings: Settings) -> None:
    settings.PLEXUS_HISTORY_RETENTION_DAYS = 7
    now = timezone.now()
    store.make(days.days_between(now.date() - timedelta(days=9), now.date()))
    writing.write([an_exchange(at=now - timedelta(days=age)) for age in (9, 8, 7, 6, 0)])

    tasks.forget_old_history()

    left = set(store.pieces_of(TABLE))
    assert not {days.piece_of(TABLE, now.date() - timedelta(days=age)) for age in (9, 8)} & left
    assert {days.piece_of(TABLE, now.date() - timedelta(days=age)) for age in (7, 6)} <= left
    assert RequestLog.objects.count() == AttemptLog.objects.count() == 3


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_day_that_somebody_reads_is_dropped_later(caplog: pytest.LogCaptureFixture) -> None:
    store.make([LONG_AGO.date()])
    reading, done = threading.Event(), threading.Event()

    def read() -> None:
        with transaction.atomic():
            RequestLog.objects.count()
            reading.set()
            done.wait(10)
        connection.close()

    reader = threading.Thread(target=read)
    reader.start()
    reading.wait(10)

    held = days.piece_of(TABLE, LONG_AGO.date())
    assert held not in store.drop_before(LONG_AGO + timedelta(days=2))
    done.set()
    reader.join(10)
    assert store.drop_before(LONG_AGO + timedelta(days=2)) == [held]
    assert "dropped later" in caplog.text


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_two_who_make_the_same_piece_at_once_do_not_fail() -> None:
    day, failures = date(2021, 5, 6), []

    def make() -> None:
        try:
            store.make([day])
        except Exception as exc:  # noqa: BLE001  whatever it is, the test judges it
            failures.append(exc)
        finally:
            connection.close()

    makers = [threading.Thread(target=make) for _ in range(3)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join(20)

    assert failures == []
    assert days.piece_of(TABLE, day) in store.pieces_of(TABLE)
    store.drop_before(datetime(2021, 6, 1, tzinfo=UTC))


# The migration


def shape() -> list[tuple[str, str]]:
    """Names and definitions of all indexes and constraints on the tables themselves."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, replace(pg_get_indexdef(c.oid), ' ON ONLY ', ' ON ') FROM pg_class c "
            "JOIN pg_index i ON i.indexrelid = c.oid WHERE i.indrelid = ANY (%s::regclass[]) "
            "UNION ALL SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE conrelid = ANY (%s::regclass[]) AND contype = 'c' ORDER BY 1, 2",
            [list(days.KEYS)] * 2,
        )
        return [(name, definition) for name, definition in cursor.fetchall()]


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_the_migration_moves_all_rows_there_and_back() -> None:
    now = timezone.now()
    tasks.make_pieces_ahead()
    writing.write([an_exchange(at=at) for at in (now, now - timedelta(days=3), LONG_AGO)])
    rows = list(AttemptLog.objects.order_by("id").values()), list(RequestLog.objects.order_by("id").values())
    cut = shape()

    try:
        call_command("migrate", "history", "0006", verbosity=0)
        names = [name for name, _ in shape()]
        call_command("migrate", "history", "0005", verbosity=0)
        assert store.pieces_of(TABLE) == []
        assert [name for name, _ in shape()] == names
        writing.write([an_exchange(at=now)])
    finally:
        call_command("migrate", "history", verbosity=0)

    assert AttemptLog.objects.count() == RequestLog.objects.count() == 4
    assert list(AttemptLog.objects.order_by("id").values())[:3] == rows[0]
    assert all(RequestLog.objects.filter(**row).exists() for row in rows[1])
    assert shape() == cut
    assert rows_in(days.rest_of(TABLE)) == 1
    store.drop([piece for table in days.KEYS for piece in store.pieces_of(table) if days.day_of(piece)])
