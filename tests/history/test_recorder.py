import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from history.batch import Batch, Stretch
from history.journal import shipper
from history.journal.writer import Writer
from history.recorder import CannotRecord, Recorder
from tests.history.exchanges import an_exchange, begun
from tests.history.postman import Neighbour, Postman, left_in, recording, short_rests, wait_until

__all__ = ["short_rests"]


def test_exchanges_leave_in_batches_and_in_order(tmp_path: Path) -> None:
    postman, exchanges = Postman(), [an_exchange() for _ in range(120)]

    with recording(tmp_path, postman.ways) as recorder:
        for exchange in exchanges:
            recorder.record(exchange)

    assert postman.ids == [exchange.id for exchange in exchanges]
    assert max(batch.count for batch in postman.batches) <= 50
    assert (recorder.recorded, recorder.pending, recorder.lost) == (120, 0, 0)
    assert left_in(tmp_path) == [], "what the database has is put away"


def test_a_full_batch_leaves_at_once(tmp_path: Path) -> None:
    postman = Postman()

    with recording(tmp_path, postman.ways, sleeps=True, flush_seconds=600) as recorder:
        for _ in range(50):
            recorder.record(an_exchange())

        wait_until(lambda: len(postman.ids) == 50)


def test_workers_beside_the_journal_are_told_where_the_rows_stand(tmp_path: Path) -> None:
    neighbour, exchanges = Neighbour(tmp_path), [an_exchange() for _ in range(120)]

    with recording(tmp_path, neighbour.ways, writer=Writer(tmp_path, segment_bytes=20_000)) as recorder:
        for exchange in exchanges:
            recorder.begin(begun(exchange))
            recorder.record(exchange)
        wait_until(lambda: recorder.pending == 0)

    assert neighbour.ids == [exchange.id for exchange in exchanges]
    assert neighbour.directly == 0
    assert left_in(tmp_path) == []


def test_a_rest_that_is_too_long_for_one_batch_is_cut(tmp_path: Path) -> None:
    sent: list[Stretch] = []
    recorder = Recorder(tmp_path, batch_rows=50, ways=replace(Neighbour(tmp_path).ways, publish=sent.append))
    for _ in range(300):
        recorder.record(an_exchange())

    recorder.start()
    wait_until(lambda: sum(batch.count for batch in sent) == 300)
    recorder.stop(0)

    assert [batch.count for batch in sent] == [50, 50, 200]
    assert [isinstance(batch, Batch) for batch in sent] == [True, True, False]


def test_what_is_not_sent_may_be_twice_as_much_before_it_leaves_at_once(tmp_path: Path) -> None:
    neighbour = Neighbour(tmp_path)

    with recording(tmp_path, neighbour.ways, sleeps=True, flush_seconds=600) as recorder:
        for _ in range(99):
            recorder.record(an_exchange())
        time.sleep(0.1)
        assert neighbour.ids == []

        recorder.record(an_exchange())
        wait_until(lambda: len(neighbour.ids) == 100)

    assert [batch.count for batch in neighbour.batches] == [100]


def test_what_no_worker_takes_is_read_here_and_written_directly(tmp_path: Path) -> None:
    neighbour, exchanges = Neighbour(tmp_path, broker_is_down=True), [an_exchange() for _ in range(120)]

    with recording(tmp_path, neighbour.ways) as recorder:
        for exchange in exchanges:
            recorder.record(exchange)
        wait_until(lambda: recorder.pending == 0)

    assert neighbour.ids == [exchange.id for exchange in exchanges]


@pytest.mark.parametrize("broker_is_down", [False, True])
def test_a_damaged_line_is_told_whoever_reads_it_first(tmp_path: Path, *, broker_is_down: bool) -> None:
    neighbour, exchanges = Neighbour(tmp_path, broker_is_down=broker_is_down), [an_exchange() for _ in range(3)]

    with recording(tmp_path, neighbour.ways, sleeps=True, flush_seconds=600) as recorder:
        for exchange in exchanges:
            recorder.record(exchange)
        (file,) = left_in(tmp_path)
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 0xFF
        file.write_bytes(data)

    assert neighbour.ids == [exchanges[0].id, exchanges[2].id]
    assert (recorder.figures.damaged, recorder.pending) == (1, 0)


def test_a_request_is_on_the_disk_when_record_returns(tmp_path: Path) -> None:
    down, exchange = Postman(broker_is_down=True, database_is_down=True), an_exchange()

    with recording(tmp_path, down.ways, stop_seconds=0.2) as recorder:
        recorder.record(exchange)

        (file,) = left_in(tmp_path)
        assert exchange.id in file.read_text()


def test_while_the_broker_is_down_they_go_to_the_database(tmp_path: Path) -> None:
    postman = Postman(broker_is_down=True)

    with recording(tmp_path, postman.ways) as recorder:
        for _ in range(200):
            recorder.record(an_exchange())
        wait_until(lambda: len(postman.ids) == 200)

    assert postman.directly > 0
    assert postman.refused < postman.directly + 2, "a broker that failed is left alone for a while"


def test_the_broker_is_used_again_when_it_is_back(tmp_path: Path) -> None:
    postman = Postman(broker_is_down=True)

    with recording(tmp_path, postman.ways) as recorder:
        recorder.record(an_exchange())
        wait_until(lambda: postman.directly == 1)
        postman.broker_is_down = False
        time.sleep(0.15)
        recorder.record(an_exchange())
        wait_until(lambda: len(postman.ids) == 2)

    assert postman.directly == 1


def test_with_both_down_the_journal_keeps_them_and_the_order_stays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    postman = Postman(broker_is_down=True, database_is_down=True)
    exchanges = [an_exchange() for _ in range(120)]

    with recording(tmp_path, postman.ways) as recorder:
        for exchange in exchanges:
            recorder.record(exchange)
        wait_until(lambda: postman.refused >= 3)
        assert recorder.pending == 120
        assert recorder.figures.lag_seconds > 0
        postman.database_is_down = False
        wait_until(lambda: recorder.pending == 0)

    assert postman.ids == [exchange.id for exchange in exchanges]
    assert sum("Nor does the database" in record.message for record in caplog.records) == 1


def test_what_nobody_takes_before_the_end_waits_for_the_next_process(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    down, up, exchange = Postman(broker_is_down=True, database_is_down=True), Postman(), an_exchange()

    with recording(tmp_path, down.ways, stop_seconds=0.5) as first:
        first.record(exchange)
    with recording(tmp_path, up.ways) as second:
        wait_until(lambda: up.ids == [exchange.id])
        wait_until(lambda: second.pending == 0)

    assert "1 requests of the history wait" in caplog.text
    assert second.figures.adopted == 1
    assert left_in(tmp_path) == []


def test_a_batch_that_no_worker_writes_in_time_is_written_directly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(shipper, "OVERDUE_SECONDS", 0.2)
    postman, exchange = Postman(), an_exchange()
    postman.workers_are_gone = True

    with recording(tmp_path, postman.ways) as recorder:
        recorder.record(exchange)
        wait_until(lambda: recorder.pending == 0)

    assert postman.ids == [exchange.id]
    assert postman.directly == 1
    assert "No worker writes history" in caplog.text


def test_the_end_of_a_process_does_not_wait_for_workers_that_are_gone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    postman, exchange = Postman(), an_exchange()
    postman.workers_are_gone = True

    with recording(tmp_path, postman.ways) as recorder:
        recorder.record(exchange)

    assert postman.ids == [exchange.id]
    assert recorder.pending == 0
    assert "No worker" not in caplog.text, "nobody needs to look after one that had a second"


def test_a_broker_without_workers_is_not_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipper, "MOST_UNDER_WAY", 3)
    published: list[Stretch] = []
    ways = replace(Postman().ways, publish=published.append)

    with recording(tmp_path, ways, stop_seconds=0.5, batch_rows=1) as recorder:
        for _ in range(20):
            recorder.record(an_exchange())
        wait_until(lambda: len(published) == 3)
        time.sleep(0.1)

        assert len(published) == 3
        assert recorder.pending == 20


def test_one_that_cannot_be_written_down_does_not_stop_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    postman, good = Postman(), an_exchange()

    with recording(tmp_path, postman.ways) as recorder:
        recorder.record(an_exchange(error=object()))
        recorder.record(good)

    assert postman.ids == [good.id]
    assert recorder.lost == 1
    assert "cannot write down" in caplog.text


def test_a_journal_that_cannot_be_written_costs_the_record_and_not_the_request(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = tmp_path / "journal"
    root.write_text("a file where the folder should be")

    with recording(root, Postman().ways) as recorder:
        for _ in range(3):
            exchange = an_exchange()
            recorder.begin(begun(exchange))
            recorder.record(exchange)

        assert (recorder.recorded, recorder.lost, recorder.pending) == (3, 3, 0)
        root.unlink()
        recorder.record(an_exchange())

    assert recorder.lost == 3
    assert caplog.text.count("cannot be written") == 1


def test_a_strict_one_refuses_what_it_could_not_record(tmp_path: Path) -> None:
    root = tmp_path / "journal"
    root.write_text("a file where the folder should be")

    with recording(root, Postman().ways, is_strict=True) as recorder, pytest.raises(CannotRecord):
        recorder.begin(begun(an_exchange()))


def test_journals_that_together_are_too_large_are_like_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("history.recorder.TIDY_SECONDS", 0.0)
    monkeypatch.setattr("history.recorder.SYNC_SECONDS", 0.02)
    postman = Postman(broker_is_down=True, database_is_down=True)

    with recording(tmp_path, postman.ways, max_bytes=5_000) as recorder:
        for _ in range(10):
            recorder.record(an_exchange())
        wait_until(lambda: recorder.figures.journal_bytes > 5_000)
        recorder.record(an_exchange())
        assert recorder.lost == 1
        postman.database_is_down = False
        wait_until(lambda: recorder.pending == 0)


def test_many_threads_may_record_at_once(tmp_path: Path) -> None:
    postman = Postman()

    with recording(tmp_path, postman.ways, writer=Writer(tmp_path, segment_bytes=100_000)) as recorder:

        def record_some() -> None:
            for _ in range(500):
                recorder.record(an_exchange())

        threads = [threading.Thread(target=record_some) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert recorder.recorded == len(postman.ids) == len(set(postman.ids)) == 2_000


def test_a_request_costs_microseconds_whatever_is_down(tmp_path: Path) -> None:
    def publish_to_a_frozen_broker(batch: Stretch) -> None:
        time.sleep(0.3)

    exchange = an_exchange()
    beginning = begun(exchange)
    recorder = Recorder(tmp_path, ways=replace(Postman().ways, publish=publish_to_a_frozen_broker))
    recorder.start()

    def seconds() -> float:
        """Of this thread's CPU, for each of five hundred."""
        started = time.thread_time()
        for _ in range(500):
            recorder.begin(beginning)
            recorder.record(exchange)
        return (time.thread_time() - started) / 500

    costs = [seconds() for _ in range(10)]
    recorder.stop(0)

    assert min(costs) < 0.000_1
