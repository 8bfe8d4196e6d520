import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from history import recorder as recorder_module
from history.models import RequestLog
from history.recorder import Recorder
from history.rows import Row
from tests.history.exchanges import an_exchange


class Broker:
    """Takes batches, or refuses them while it is down."""

    def __init__(self, *, is_down: bool = False) -> None:
        self.is_down = is_down
        self.batches: list[list[Row]] = []
        self.refused = 0

    def publish(self, batch_id: str, rows: list[Row]) -> None:
        if self.is_down:
            self.refused += 1
            raise ConnectionError("broker down")
        self.batches.append(rows)

    def write(self, rows: Sequence[Row]) -> None:
        self.publish("", list(rows))

    @property
    def ids(self) -> list[str]:
        return [row["id"] for rows in self.batches for row in rows]


@contextmanager
def recording(
    broker: Broker, database: Broker | None = None, *, most_pending: int = 1_000, flush_seconds: float = 0.01
) -> Iterator[Recorder]:
    recorder = Recorder(50, flush_seconds, broker.publish, (database or Broker()).write, most_pending)
    recorder.start()
    yield recorder
    recorder.stop(0.5)


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 5
    while not condition() and time.monotonic() < until:
        time.sleep(0.005)
    assert condition()


@pytest.fixture(autouse=True)
def short_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "BROKER_REST_SECONDS", 0.1)
    monkeypatch.setattr(recorder_module, "DATABASE_REST_SECONDS", 0.02)


def test_exchanges_leave_in_batches_and_in_order() -> None:
    broker, exchanges = Broker(), [an_exchange() for _ in range(120)]

    with recording(broker) as recorder:
        for exchange in exchanges:
            recorder.record(exchange)

    assert broker.ids == [exchange.id for exchange in exchanges]
    assert max(len(rows) for rows in broker.batches) <= 50
    assert (recorder.recorded, recorder.pending, recorder.dropped) == (120, 0, 0)


def test_a_full_batch_leaves_at_once() -> None:
    broker = Broker()

    with recording(broker, flush_seconds=60) as recorder:
        for _ in range(50):
            recorder.record(an_exchange())

        wait_until(lambda: len(broker.ids) == 50)


def test_a_few_leave_after_a_while() -> None:
    broker = Broker()

    with recording(broker) as recorder:
        recorder.record(an_exchange())

        wait_until(lambda: len(broker.ids) == 1)


def test_while_the_broker_is_down_they_go_to_the_database() -> None:
    broker, database = Broker(is_down=True), Broker()

    with recording(broker, database) as recorder:
        for _ in range(200):
            recorder.record(an_exchange())
        wait_until(lambda: len(database.ids) == 200)

    assert broker.refused == 1, "a broker that failed is left alone for a while"


def test_the_broker_is_used_again_when_it_is_back() -> None:
    broker, database = Broker(is_down=True), Broker()

    with recording(broker, database) as recorder:
        recorder.record(an_exchange())
        wait_until(lambda: len(database.ids) == 1)
        broker.is_down = False
        time.sleep(0.15)
        recorder.record(an_exchange())
        wait_until(lambda: len(broker.ids) == 1)


def test_with_both_down_nothing_is_lost_and_the_order_stays(caplog: pytest.LogCaptureFixture) -> None:
    broker, database = Broker(is_down=True), Broker(is_down=True)
    exchanges = [an_exchange() for _ in range(120)]

    with recording(broker, database) as recorder:
        for exchange in exchanges:
            recorder.record(exchange)
        wait_until(lambda: database.refused >= 3)
        assert recorder.pending == 120
        database.is_down = False
        wait_until(lambda: recorder.pending == 0)

    assert [*broker.ids, *database.ids] == [exchange.id for exchange in exchanges]
    assert sum("Nor does the database" in record.message for record in caplog.records) == 1


def test_when_there_is_no_room_the_newest_are_dropped_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    broker, database = Broker(is_down=True), Broker(is_down=True)
    exchanges = [an_exchange() for _ in range(25)]

    with recording(broker, database, most_pending=20) as recorder:
        for exchange in exchanges:
            recorder.record(exchange)
        assert (recorder.pending, recorder.dropped) == (20, 5)
        database.is_down = False
        wait_until(lambda: recorder.pending == 0)

    assert [*broker.ids, *database.ids] == [exchange.id for exchange in exchanges[:20]]
    assert "drops new ones" in caplog.text


def test_what_nobody_takes_before_the_end_is_lost_and_said(caplog: pytest.LogCaptureFixture) -> None:
    down = Broker(is_down=True)

    with recording(down, down) as recorder:
        recorder.record(an_exchange())

    assert (recorder.pending, recorder.dropped) == (0, 1)
    assert "History lost 1 requests" in caplog.text


def test_one_that_cannot_be_written_down_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    broker, good = Broker(), an_exchange()

    with recording(broker) as recorder:
        recorder.record(an_exchange(error=None))
        recorder.record(good)

    assert broker.ids == [good.id]
    assert recorder.dropped == 1
    assert "cannot write down" in caplog.text


def test_many_threads_may_record_at_once() -> None:
    broker = Broker()

    with recording(broker, most_pending=100_000) as recorder:

        def record_some() -> None:
            for _ in range(500):
                recorder.record(an_exchange())

        threads = [threading.Thread(target=record_some) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert recorder.recorded == len(set(broker.ids)) == 2_000


def test_recording_takes_microseconds_whatever_is_down() -> None:
    def publish_to_a_frozen_broker(batch_id: str, rows: list[Row]) -> None:
        time.sleep(0.3)

    recorder, exchange = Recorder(10, 0.01, publish_to_a_frozen_broker, Broker().write), an_exchange()
    recorder.start()

    started = time.perf_counter()
    for _ in range(5_000):
        recorder.record(exchange)
    seconds = time.perf_counter() - started
    recorder.stop(0)

    assert seconds / 5_000 < 0.000_1


@pytest.mark.django_db(transaction=True)
def test_from_record_to_row_through_a_real_worker(celery_worker: None) -> None:
    recorder = Recorder(500, 0.05)
    recorder.start()

    for _ in range(20):
        recorder.record(an_exchange())
    recorder.stop(5)

    wait_until(lambda: RequestLog.objects.count() == 20)
    assert recorder.dropped == 0


@pytest.mark.django_db(transaction=True)
def test_without_a_broker_the_thread_itself_writes_the_rows() -> None:
    recorder = Recorder(500, 0.01, Broker(is_down=True).publish)
    recorder.start()

    recorder.record(an_exchange())
    recorder.stop(10)

    assert RequestLog.objects.count() == 1
