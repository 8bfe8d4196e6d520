"""A broker that is a folder: one file for each message, for as long as nobody has done it.

    PLEXUS_DATA_DIR/tasks/celery/
        .01764…-9f3e        being written; renamed when it is whole. Left by a killed process, the next one deletes it
        01764…-9f3e         waiting; or, locked (flock), in the hands of a worker, which deletes it with its acknowledgement

A worker that is killed lets go of its locks, so the next one finds what it had in hand.

kombu's own `filesystem` transport forgets that; its readers may also meet half a message, and it reads by way of /tmp.
This one takes what needs no file from kombu's virtual transport: exchanges and bindings, which are the same in each process.
"""

import fcntl
import logging
import os
import time
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import Any, NamedTuple

import msgspec
from kombu.transport import virtual

logger = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 0.5
"""After which a worker that waits for messages looks whether it is to stop."""
DRAFT = "."
"""How the name of a file begins that is not whole yet."""
DRAFT_SECONDS = 60.0
"""After which nobody is writing it any more."""


class Held(NamedTuple):
    """A message that is ours."""

    path: Path
    lock: int
    """The file descriptor that holds it."""
    text: bytes


class Channel(virtual.Channel):
    """Messages in, messages out. Raises OSError."""

    do_restore = False  # what was not acknowledged is still there

    def __init__(self, *arguments: Any, **options: Any) -> None:  # Any: kombu's
        super().__init__(*arguments, **options)
        self._held: dict[str, Held] = {}
        self._tidied: set[Path] = set()

    def _put(self, queue: str, message: dict[str, Any], **options: Any) -> None:
        place = self._place_of(queue)
        name = f"{time.time_ns():020d}-{message['properties']['delivery_tag']}"
        draft = place / f"{DRAFT}{name}"
        draft.write_bytes(msgspec.json.encode(message))
        draft.rename(place / name)

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        for path in messages_in(self._place_of(queue)):
            held = hold(path)
            if held is not None and (message := self._message_in(held)) is not None:
                self._held[message["properties"]["delivery_tag"]] = held
                return message
        raise Empty

    def _message_in(self, held: Held) -> dict[str, Any] | None:
        """None for what is no message; it would come again for ever, so it goes."""
        try:
            message: dict[str, Any] = msgspec.json.decode(held.text)
        except msgspec.DecodeError:
            logger.warning("%s is no message any more, and is deleted.", held.path)
            finish(held)
            return None
        return message

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        super().basic_ack(delivery_tag, multiple)
        finish(self._held.pop(delivery_tag))

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        super().basic_reject(delivery_tag)  # kombu would put back a copy
        held = self._held.pop(delivery_tag)
        if requeue:
            os.close(held.lock)
        else:
            finish(held)

    def close(self) -> None:
        super().close()
        while self._held:
            _, held = self._held.popitem()
            os.close(held.lock)

    def _size(self, queue: str) -> int:
        return len(messages_in(self._place_of(queue)))

    def _purge(self, queue: str) -> int:
        free = [held for path in messages_in(self._place_of(queue)) if (held := hold(path)) is not None]
        for held in free:
            finish(held)
        return len(free)

    def _place_of(self, queue: str) -> Path:
        options: dict[str, Any] = self.connection.client.transport_options  # type: ignore[assignment, union-attr]  # kombu's stubs do not know that a channel is always connected
        place = Path(options["folder"]) / queue
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.mkdir(mode=0o700, exist_ok=True)  # apart: a parent on the way would have the process's own mode
        if place not in self._tidied:
            self._tidied.add(place)
            drop_drafts(place)
        return place


class Transport(virtual.Transport):
    """What CELERY_BROKER_TRANSPORT names."""

    Channel = Channel
    driver_type = driver_name = "folder"

    def drain_events(  # type: ignore[override]  # the stubs of kombu's two classes say different things
        self,
        connection: Any,  # kombu's
        timeout: float | None = None,
    ) -> None:
        super().drain_events(connection, None if timeout is None else min(timeout, LONGEST_WAIT_SECONDS))


def messages_in(place: Path) -> list[Path]:
    """The oldest first; those in somebody's hands too."""
    return sorted(path for path in place.iterdir() if not path.name.startswith(DRAFT))


def drop_drafts(place: Path) -> None:
    """Delete what killed processes were writing. Each was told of nobody: whoever publishes a batch does it again."""
    for draft in place.glob(f"{DRAFT}*"):
        with suppress(FileNotFoundError):
            if time.time() - draft.stat().st_mtime > DRAFT_SECONDS:
                draft.unlink()


def is_waiting(place: Path) -> bool:
    """Whether there is a message that nobody has in hand."""
    if not place.is_dir():
        return False
    for path in messages_in(place):
        if (held := hold(path)) is not None:
            os.close(held.lock)
            return True
    return False


def hold(path: Path) -> Held | None:
    """Take a message; None where somebody else has it in hand, or had."""
    try:
        lock = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        facts = os.fstat(lock)
        if facts.st_nlink:  # else it was done between our two steps
            return Held(path, lock, os.read(lock, facts.st_size))
    except BlockingIOError:
        pass
    os.close(lock)
    return None


def finish(held: Held) -> None:
    """It is done."""
    held.path.unlink(missing_ok=True)
    os.close(held.lock)
