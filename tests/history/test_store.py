import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from history import store
from history.batch import Note
from history.models import AttemptLog, QuarantinedRecord, RequestLog, TargetStat
from history.records import Exchange, Outcome
from history.rows import OfAnotherRelease
from history.store import Written
from providers.pricing import Usage
from tests.history.exchanges import NOON, a_batch, a_refused_exchange, an_attempt, an_exchange, as_told, own_price

pytestmark = pytest.mark.django_db


def the_hour(**names: str) -> TargetStat:
    return TargetStat.objects.get(resolution="hour", **names)


def test_an_exchange_becomes_one_request_with_its_attempts() -> None:
    attempts = (an_attempt(1, provider="groq", outcome=Outcome.FAILED, status=None), an_attempt(2))

    store.write([an_exchange(attempts=attempts, first_byte_ms=40.0, streamed=True)])

    log = RequestLog.objects.get()
    assert (log.alias, log.provider, log.model, log.status, log.outcome) == ("fast", "openai", "gpt-4o", 200, "ok")
    assert (log.input_tokens, log.output_tokens, log.first_byte_ms, log.streamed) == (1000, 500, 40.0, True)
    assert log.started_at == NOON
    assert [(a.number, a.provider, a.outcome) for a in log.attempts.all()] == [
        (1, "groq", "failed"),
        (2, "openai", "ok"),
    ]


def test_the_same_batch_twice_counts_once() -> None:
    batch = [an_exchange(), an_exchange()]

    first, second = store.write(batch), store.write(batch)

    assert (first, second) == (Written(new=2), Written(known=2))
    assert RequestLog.objects.count() == AttemptLog.objects.count() == 2
    assert the_hour().requests == 2


def test_what_overlaps_with_an_earlier_batch_counts_once() -> None:
    known, new = an_exchange(), an_exchange()
    store.write([known])

    written = store.write([known, new])

    assert written == Written(new=1, known=1)
    assert the_hour().requests == 2


def test_an_exchange_that_stands_twice_in_a_batch_counts_once() -> None:
    row = an_exchange()

    store.write([row, row])

    assert RequestLog.objects.count() == the_hour().requests == 1


def test_batches_add_up_in_both_resolutions() -> None:
    store.write([an_exchange()])

    store.write([an_exchange(), an_exchange(at=NOON + timedelta(minutes=5))])

    assert the_hour().requests == 3
    minutes = TargetStat.objects.filter(resolution="minute").order_by("bucket_start")
    assert [minute.requests for minute in minutes] == [2, 1]


def test_the_administrators_price_goes_first() -> None:
    store.write([an_exchange(price=own_price("1", "2"))])

    assert RequestLog.objects.get().cost_usd == Decimal("0.002")
    assert the_hour().cost_usd == Decimal("0.002")


def test_without_one_the_public_price_list_is_asked() -> None:
    store.write([an_exchange()])

    cost = RequestLog.objects.get().cost_usd
    assert cost is not None
    assert cost > 0


def test_an_unknown_price_is_unknown_and_not_zero() -> None:
    elsewhere = an_attempt(url="http://127.0.0.1:9/v1/chat/completions", provider="demo", model="echo")

    store.write([an_exchange(provider="demo", model="echo", attempts=(elsewhere,))])

    assert RequestLog.objects.get().cost_usd is None
    assert the_hour(provider="demo").unknown_costs == 1


def test_no_tokens_cost_nothing_that_anybody_knows() -> None:
    store.write([a_refused_exchange()])

    assert RequestLog.objects.get().cost_usd is None
    assert the_hour().unknown_costs == 0


def test_text_that_no_database_holds_is_stored_without_it() -> None:
    store.write_batch(a_batch(an_exchange(requested_model="a\0b", error="x" * 5_000)))

    log = RequestLog.objects.get()
    assert log.requested_model == "a\N{REPLACEMENT CHARACTER}b"
    assert log.error == "x" * 2_000


def test_a_poisoned_row_goes_alone(caplog: pytest.LogCaptureFixture) -> None:
    poisoned = an_exchange(usage=Usage(input_tokens=10**30, output_tokens=1))
    good = [an_exchange() for _ in range(5)]

    written = store.write([*good[:3], poisoned, *good[3:]])

    assert written == Written(new=5, rejected=1)
    assert set(RequestLog.objects.values_list("id", flat=True)) == {UUID(row.id) for row in good}
    assert the_hour().requests == 5
    assert poisoned.id in caplog.text
    record = QuarantinedRecord.objects.get()
    assert record.request_id == poisoned.id
    assert msgspec.json.decode(record.row, type=Exchange) == poisoned


def test_a_poisoned_row_that_comes_again_is_kept_once() -> None:
    batch = a_batch(an_exchange(), an_exchange(usage=Usage(input_tokens=10**30, output_tokens=1)), an_exchange())

    rejected = [store.write_batch(batch), store.write_batch(batch)]

    assert rejected == [1, 1]
    assert QuarantinedRecord.objects.count() == 1
    assert store.written_batches([batch.segment]) == {batch.place: Note(rejected=1)}


def test_a_batch_that_is_written_is_noted_with_it() -> None:
    batch = a_batch(an_exchange())
    store.write_batch(batch)
    store.write_batch(batch)

    assert store.written_batches([batch.segment, "another/000001"]) == {batch.place: Note()}
    store.forget_batches(batch.segment)
    assert store.written_batches([batch.segment]) == {}


@pytest.mark.django_db(transaction=True)
def test_workers_that_write_the_same_batches_at_once_count_each_request_once() -> None:
    batches = [[an_exchange(alias=alias) for alias in "abcdefgh"] for _ in range(6)]
    failures: list[Exception] = []

    def write_all(mine: list[list[Exchange]]) -> None:
        try:
            for batch in mine:
                store.write(batch)
        except Exception as exc:  # noqa: BLE001 - shown by the assertion below
            failures.append(exc)
        finally:
            connection.close()

    threads = [threading.Thread(target=write_all, args=[order]) for order in (batches, batches[::-1], batches[3:])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert RequestLog.objects.count() == 48
    assert {stat.requests for stat in TargetStat.objects.filter(resolution="hour")} == {6}


@contextmanager
def a_database_that_only_reads() -> Iterator[None]:
    """As a standby after a failover. The savepoint's end ends it on PostgreSQL."""
    is_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("PRAGMA query_only = ON" if is_sqlite else "SET TRANSACTION READ ONLY")
        try:
            yield
        finally:
            if is_sqlite:
                cursor.execute("PRAGMA query_only = OFF")


@contextmanager
def a_schema_that_is_behind() -> Iterator[None]:
    """As while a release is rolled out. The savepoint's end ends it."""
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("ALTER TABLE history_requestlog RENAME COLUMN finish_reason TO of_another_release")
        yield


@pytest.mark.parametrize("trouble", [a_database_that_only_reads, a_schema_that_is_behind])
def test_trouble_that_lies_in_no_row_loses_none(trouble: Callable[[], AbstractContextManager[None]]) -> None:
    batch = [an_exchange() for _ in range(5)]

    with pytest.raises(DatabaseError), trouble():
        store.write(batch)

    assert not QuarantinedRecord.objects.exists()
    assert store.write(batch) == Written(new=5)


@pytest.mark.parametrize("news", [{"audio_tokens": 3}, {"outcome": "postponed"}, {"usage": {"audio_tokens": 3}}])
def test_a_row_of_a_newer_release_waits_for_a_worker_that_knows_it(news: dict[str, Any]) -> None:  # Any: JSON
    batch = a_batch(an_exchange(), as_told(an_exchange(), **news))

    with pytest.raises(OfAnotherRelease, match=r"audio_tokens|postponed"):
        store.write_batch(batch)

    assert not QuarantinedRecord.objects.exists()
    assert store.written_batches([batch.segment]) == {}


@pytest.mark.parametrize("defect", [{"error": None}, {"status": "200"}, {"id": 7}, {"attempts": [None]}])
def test_a_row_that_is_none_goes_to_quarantine_alone(defect: dict[str, Any]) -> None:  # Any: JSON
    broken, good = as_told(an_exchange(), **defect), an_exchange()
    batch = a_batch(broken, good)

    rejected = [store.write_batch(batch), store.write_batch(batch)]

    assert rejected == [1, 1]
    assert [str(id) for id in RequestLog.objects.values_list("id", flat=True)] == [good.id]
    record = QuarantinedRecord.objects.get()
    assert (record.request_id, msgspec.json.decode(record.row)) == (str(broken["id"]), broken)
    assert store.written_batches([batch.segment]) == {batch.place: Note(rejected=1)}


def test_a_batch_of_which_nothing_can_be_read_is_noted_too() -> None:
    batch = a_batch(as_told(an_exchange(), status=None))

    store.write_batch(batch)

    assert store.written_batches([batch.segment]) == {batch.place: Note(rejected=1)}


def test_an_id_that_is_none_goes_to_quarantine() -> None:
    written = store.write([an_exchange(id="no id"), an_exchange()])

    assert written == Written(new=1, rejected=1)


@pytest.mark.parametrize("attempts", [1, 7])
def test_a_batch_takes_as_many_statements_as_one_row(attempts: int) -> None:
    tries = tuple(an_attempt(number + 1) for number in range(attempts))
    price = own_price("1", "2")

    with CaptureQueriesContext(connection) as of_one:
        store.write_batch(a_batch(an_exchange(price=price)))
    with CaptureQueriesContext(connection) as of_many:
        store.write_batch(a_batch(*(an_exchange(price=price, attempts=tries) for _ in range(50))))

    assert len(of_many) == len(of_one)
