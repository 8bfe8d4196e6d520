"""The broker that is a folder, by kombu's own connections."""

import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection, Consumer, Producer, Queue

from history.embedded.folder import Transport, is_waiting

QUEUE = Queue("work", routing_key="work")
WAIT_SECONDS = 0.2


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "tasks"


@contextmanager
def connected(folder: Path) -> Iterator[Connection]:
    options = {"folder": str(folder), "polling_interval": 0.01, "body_encoding": "utf-8"}
    with Connection("filesystem://localhost", transport=Transport, transport_options=options) as connection:
        yield connection


def publish(folder: Path, *bodies: str) -> None:
    with connected(folder) as connection:
        producer = Producer(connection.default_channel)
        for body in bodies:
            producer.publish({"say": body}, routing_key="work", declare=[QUEUE])


class Worker:
    """Takes messages, and acknowledges those that it is told to."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.messages: list[Any] = []  # kombu.Message, whose body depends on who published it
        self._consumer = Consumer(connection.default_channel, [QUEUE], callbacks=[self._take], accept=["json"])
        self._consumer.consume()

    def _take(self, body: dict[str, str], message: Any) -> None:
        self.messages.append(message)

    def look(self) -> list[str]:
        """All that it has been given so far."""
        with suppress(TimeoutError):
            while True:
                self._connection.drain_events(timeout=WAIT_SECONDS)
        return [message.payload["say"] for message in self.messages]


def test_messages_come_in_the_order_in_which_they_were_published(folder: Path) -> None:
    publish(folder, "one", "two", "three")

    with connected(folder) as connection:
        assert Worker(connection).look() == ["one", "two", "three"]


def test_what_a_killed_process_was_writing_is_deleted_and_what_is_being_written_is_not(folder: Path) -> None:
    publish(folder, "one")
    left, being_written = folder / "work" / ".1-left", folder / "work" / ".2-being-written"
    for draft in (left, being_written):
        draft.write_text("{")
    os.utime(left, (time.time() - 120,) * 2)

    with connected(folder) as connection:
        assert Worker(connection).look() == ["one"]

    assert not left.exists()
    assert being_written.exists()


def test_what_is_acknowledged_is_gone(folder: Path) -> None:
    publish(folder, "one")
    with connected(folder) as connection:
        worker = Worker(connection)
        worker.look()

        worker.messages[0].ack()

    assert list(folder.rglob("*-*")) == []


def test_what_a_worker_had_in_hand_when_it_ended_is_there_for_the_next(folder: Path) -> None:
    publish(folder, "done", "in hand")
    with connected(folder) as connection:
        first = Worker(connection)
        first.look()
        first.messages[0].ack()

    with connected(folder) as connection:
        assert Worker(connection).look() == ["in hand"]


def test_what_one_worker_has_in_hand_no_other_one_gets(folder: Path) -> None:
    publish(folder, "one")
    with connected(folder) as first, connected(folder) as second:
        assert Worker(first).look() == ["one"]

        assert Worker(second).look() == []


def test_a_message_that_is_put_back_comes_again_once(folder: Path) -> None:
    publish(folder, "one")
    with connected(folder) as connection:
        worker = Worker(connection)
        worker.look()

        worker.messages[0].requeue()

        assert worker.look() == ["one", "one"]
        assert len(list(folder.rglob("*-*"))) == 1


def test_half_a_message_is_not_read(folder: Path) -> None:
    publish(folder, "whole")
    (folder / "work" / ".0001-half").write_text('{"body": "{\\"sa')

    with connected(folder) as connection:
        assert Worker(connection).look() == ["whole"]


def test_a_damaged_message_stops_nothing_and_is_deleted(folder: Path) -> None:
    publish(folder, "whole")
    damaged = folder / "work" / "0001-damaged"
    damaged.write_bytes(b"\0\0\0")

    with connected(folder) as connection:
        assert Worker(connection).look() == ["whole"]
    assert not damaged.exists()


def test_a_folder_that_was_deleted_is_made_again(folder: Path) -> None:
    with connected(folder) as connection:
        worker = Worker(connection)
        (folder / "work").rmdir()

        publish(folder, "one")

        assert worker.look() == ["one"]


def test_messages_wait_until_somebody_has_them_in_hand(folder: Path) -> None:
    assert not is_waiting(folder / "work")
    publish(folder, "one")
    assert is_waiting(folder / "work")

    with connected(folder) as connection:
        Worker(connection).look()
        assert not is_waiting(folder / "work")

    assert is_waiting(folder / "work")


def test_a_queue_can_be_emptied(folder: Path) -> None:
    publish(folder, "one", "two")

    with connected(folder) as connection:
        assert QUEUE(connection.default_channel).purge() == 2
    assert not is_waiting(folder / "work")


def test_nobody_else_may_look_into_it(folder: Path) -> None:
    publish(folder, "one")

    assert [stat.S_IMODE(place.stat().st_mode) for place in (folder, folder / "work")] == [0o700, 0o700]
