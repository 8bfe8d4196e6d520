"""Who takes what the recorder delivers, in place of broker, workers and database."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from history.batch import Batch, Note, Place, Stretch
from history.journal import shipper
from history.journal.shipper import Ways
from history.journal.stretch import batch_at
from history.recorder import Recorder
from history.rows import rows_in
from tests.gateways import eventually


class Postman:
    """Broker, worker and database in one: each takes batches, or refuses them while it is down."""

    def __init__(self, *, broker_is_down: bool = False, database_is_down: bool = False) -> None:
        self.broker_is_down = broker_is_down
        self.database_is_down = database_is_down
        self.workers_are_gone = False
        self.batches: list[Batch] = []
        self.refused = 0
        self.notes: dict[Place, Note] = {}
        self.directly = 0

    def publish(self, batch: Stretch) -> None:
        if self.broker_is_down:
            self.refused += 1
            raise ConnectionError("broker down")
        if not self.workers_are_gone:
            self.take(self.read(batch))

    def read(self, batch: Stretch) -> Batch:
        assert isinstance(batch, Batch), "whoever does not stand beside the journal is sent the rows"
        return batch

    def write(self, batch: Batch) -> int:
        if self.database_is_down:
            self.refused += 1
            raise ConnectionError("database down")
        self.directly += 1
        return self.take(batch)

    def take(self, batch: Batch) -> int:
        self.batches.append(batch)
        self.notes[batch.place] = Note(damaged=batch.damaged)
        return 0

    def written(self, segments: Iterable[str]) -> Mapping[Place, Note]:
        return {place: note for place, note in self.notes.items() if place[0] in segments}

    @property
    def ways(self) -> Ways:
        return Ways(publish=self.publish, write=self.write, written=self.written, forget=lambda segment: None)

    @property
    def ids(self) -> list[str]:
        return [row.id for batch in self.batches for row in rows_in(batch.rows).readable]


class Neighbour(Postman):
    """One whose workers read the rows where they stand."""

    def __init__(self, root: Path, *, broker_is_down: bool = False) -> None:
        super().__init__(broker_is_down=broker_is_down)
        self.root = root

    def read(self, batch: Stretch) -> Batch:
        assert not isinstance(batch, Batch), "nobody needs to read it twice"
        found = batch_at(self.root, batch.place)
        assert found is not None
        return found

    @property
    def ways(self) -> Ways:
        return replace(super().ways, reads_in_place=lambda: True)


class Alarm(threading.Event):
    """What wakes a recorder. It knows whether that sleeps, or is about to."""

    def __init__(self) -> None:
        super().__init__()
        self.is_awaited = threading.Event()

    def wait(self, timeout: float | None = None) -> bool:
        self.is_awaited.set()
        return super().wait(timeout)


@contextmanager
def recording(
    root: Path, ways: Ways, *, stop_seconds: float = 20.0, sleeps: bool = False, **options: Any
) -> Iterator[Recorder]:  # Any: Recorder's own options
    """A recorder that works.

    `stop_seconds`: for what is left at the end. Nobody needs them but where nobody takes it; there, say fewer.
    `sleeps`: it has looked once, before the block begins, and found nothing.
    """
    usual: dict[str, Any] = {"batch_rows": 50, "flush_seconds": 0.01, "ways": ways}
    recorder = Recorder(root, **(usual | options))
    recorder._wake = alarm = Alarm()
    recorder.start()
    assert not sleeps or alarm.is_awaited.wait(60)
    yield recorder
    recorder.stop(stop_seconds)


def wait_until(condition: Callable[[], bool]) -> None:
    eventually(condition)


def left_in(root: Path) -> list[Path]:
    return list(root.glob("*/*.journal"))


@pytest.fixture(autouse=True)
def short_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    """For every test of a file that imports this."""
    monkeypatch.setattr(shipper, "BROKER_REST_SECONDS", 0.1)
    monkeypatch.setattr(shipper, "ASK_SECONDS", 0.02)
    monkeypatch.setattr("history.recorder.REST_SECONDS", 0.02)
