"""What a recorder does while what stands behind it is away, with the real things."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from django.db import connection
from kombu import Connection

from history.batch import Batch, Stretch
from history.journal import shipper
from history.journal.writer import Writer
from history.models import QuarantinedRecord, RequestLog, TargetStat
from history.recorder import DATABASE_AND_WORKERS, Recorder
from history.tasks import record_exchanges
from tests import throwaway_servers
from tests.gateways import eventually
from tests.history.exchanges import an_exchange, begun

pytestmark = pytest.mark.django_db(transaction=True)
ANSWER_SECONDS = 6.0
"""So long a frozen broker is waited for: by the thread that delivers, and by nobody else."""


class OwnBroker:
    """A Valkey of this test's own, with nobody who works for it."""

    def __init__(self) -> None:
        self.url = throwaway_servers.valkey().url
        with redis.Redis.from_url(self.url) as client:
            self.pid = int(client.info("server")["process_id"])

    def publish(self, batch: Stretch) -> None:
        assert isinstance(batch, Batch)
        options = {"socket_connect_timeout": 10.0, "socket_timeout": ANSWER_SECONDS, "max_retries": 0}
        with Connection(self.url, transport_options=options) as broker:
            arguments = (batch.segment, batch.start, batch.end, batch.rows)
            record_exchanges.apply_async(arguments, connection=broker, retry=False)  # type: ignore[call-arg]  # as in history/tasks.py

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)


@pytest.fixture
def broker() -> Iterator[OwnBroker]:
    try:
        broker = OwnBroker()
    except throwaway_servers.NoServer as exc:
        pytest.skip(str(exc))
    yield broker
    with suppress(ProcessLookupError):
        broker.signal(signal.SIGCONT)


def a_recorder(root: Path, broker: OwnBroker) -> Recorder:
    ways = replace(DATABASE_AND_WORKERS, publish=broker.publish, reads_in_place=lambda: False)
    recorder = Recorder(root, flush_seconds=0.02, ways=ways)
    recorder.start()
    return recorder


def record_some(recorder: Recorder, number: int = 100) -> float:
    """Returns the longest that one of them took, in seconds."""
    longest = 0.0
    for _ in range(number):
        exchange = an_exchange()
        began = time.perf_counter()
        recorder.begin(begun(exchange))
        recorder.record(exchange)
        longest = max(longest, time.perf_counter() - began)
    return longest


def check_once(number: int) -> None:
    assert RequestLog.objects.count() == number
    assert sum(TargetStat.objects.filter(resolution="hour").values_list("requests", flat=True)) == number
    assert not QuarantinedRecord.objects.exists()


@pytest.mark.parametrize("harm", [signal.SIGKILL, signal.SIGSTOP])
def test_with_a_dead_or_frozen_broker_rows_arrive_all_the_same(
    broker: OwnBroker, tmp_path: Path, harm: signal.Signals
) -> None:
    recorder = a_recorder(tmp_path, broker)
    broker.signal(harm)

    longest = record_some(recorder)
    eventually(lambda: RequestLog.objects.count() == 100)
    recorder.stop(60)

    check_once(100)
    assert longest < 0.5, "no request waits for the broker"
    assert recorder.lost == 0


def test_what_a_broker_took_and_lost_is_written_in_the_end(
    broker: OwnBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipper, "OVERDUE_SECONDS", 0.5)
    recorder = a_recorder(tmp_path, broker)

    record_some(recorder)  # the broker takes them, and nobody works for it

    eventually(lambda: recorder.pending == 0)
    recorder.stop(60)
    check_once(100)


def test_while_the_database_cannot_take_rows_the_journal_keeps_them(tmp_path: Path) -> None:
    # No worker: its tasks would be tried again during the next test.
    recorder = Recorder(tmp_path, flush_seconds=0.02, ways=replace(DATABASE_AND_WORKERS, publish=taken_by_nobody))
    recorder.start()
    record_some(recorder)
    eventually(lambda: recorder.pending == 0)

    rename("history_targetstat", "history_away")
    try:
        record_some(recorder)
        time.sleep(1.0)
        waiting, lag = recorder.pending, recorder.figures.lag_seconds
    finally:
        rename("history_away", "history_targetstat")

    assert waiting == 100
    assert 0.5 < lag < 10
    recorder.stop(60)
    check_once(200)
    assert recorder.pending == 0


def taken_by_nobody(batch: Stretch) -> None:
    raise ConnectionRefusedError("There is no broker.")


def rename(table: str, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {name}")


def test_a_stream_of_an_hour_keeps_no_hour_of_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, celery_worker: None
) -> None:
    monkeypatch.setattr(shipper, "CARRY_SECONDS", 0.1)
    recorder = Recorder(tmp_path, flush_seconds=0.01, writer=Writer(tmp_path, segment_bytes=5_000))
    recorder.start()
    lasting = an_exchange()
    recorder.begin(begun(lasting))

    record_some(recorder, 50)
    eventually(lambda: len(list(tmp_path.glob("*/*.journal"))) == 1)

    assert len(list(tmp_path.glob("*/*.done"))) > 5
    recorder.stop(1)
    heir = Recorder(tmp_path, flush_seconds=0.01)
    heir.start()
    eventually(lambda: RequestLog.objects.filter(id=lasting.id, outcome="interrupted").exists())
    heir.stop(60)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root may make a small disk")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_costs_records_which_are_counted_and_no_others(small_disk: Path) -> None:
    recorder = Recorder(small_disk, ways=replace(DATABASE_AND_WORKERS, publish=taken_by_nobody))

    record_some(recorder, 200)
    assert 0 < recorder.lost < 200
    kept = 200 - recorder.lost

    recorder.start()
    recorder.stop(60)
    check_once(kept)
