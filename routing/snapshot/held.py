"""The compiled value that this process holds, and how a newer one takes its place.

A change to configuration raises a version inside its own transaction (routing/version_triggers.py), so a rolled-back change
never happened. On commit the process that saved compiles the new value and uses it at once; it also lays it into Redis,
where there is one. Every other process asks the database for the version now and then (`catch_up`) and takes the value from
where it is: Redis, its disk, else compiled from the database. While the database is dead, what is in memory stays.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from django.conf import settings
from django.db import Error, connection, transaction

from routing.models import ConfigurationVersion
from routing.snapshot import disk_copy, redis_copy
from routing.snapshot.retired import PAUSE_SECONDS, Divisible, Retired
from routing.snapshot.seal import NotOurs, seal, unseal

logger = logging.getLogger(__name__)
VERSIONS = ConfigurationVersion._meta.db_table


class Versioned(Divisible, Protocol):
    @property
    def version(self) -> int: ...

    @property
    def is_empty(self) -> bool: ...


class Source(StrEnum):
    """Where the value in memory came from."""

    NOWHERE = "nowhere"
    DATABASE = "database"
    REDIS = "redis"
    DISK = "disk"


T = TypeVar("T", bound=Versioned)


class Snapshot(Generic[T]):
    """One compiled value of this process. `current` may be read by anybody at any time; reading costs nothing."""

    def __init__(
        self,
        *,
        subject: str,
        compile: Callable[[int], T],
        encode: Callable[[T], Iterable[bytes]],
        decode: Callable[[Iterable[bytes]], T],
        empty: T,
    ) -> None:
        self.subject = subject
        self.current = self._empty = empty
        self.source = Source.NOWHERE
        self.trouble = ""
        """Why the database could not be asked the last time; empty when it answered."""
        self.waits_for_another = False
        """Another process is compiling what we need: look again soon."""
        self._confirmed_at = 0.0
        self._compile = compile
        self._encode = encode
        self._decode = decode
        self._swap = threading.Lock()
        self._retired: Retired[T] = Retired()

    @property
    def age_seconds(self) -> float:
        """How long ago `current` was last known to be the newest there is. Grows while the database is down."""
        return max(0.0, time.time() - self._confirmed_at)

    @property
    def has_copy(self) -> bool:
        """Whether a process could start without the database."""
        return any(copy.version(self.subject) is not None for copy in (redis_copy, disk_copy))

    # Writing: in the process that changes configuration

    def publish_on_commit(self) -> None:
        """When the current transaction commits, compile what it changed and let the others have it."""
        transaction.on_commit(self._publish, robust=True)

    def _publish(self) -> None:
        # Many rows may have changed in one transaction; the first call compiles them all, the others find it done.
        version = self._version_in_database()
        if version != self.current.version:
            redis_copy.is_compiled_elsewhere(self.subject, version)  # tells the others that we do
            self.compile_now()

    def compile_now(self) -> None:
        """Compile from the database, use it, and lay it into Redis and onto the disk. Raises django.db.Error."""
        laid = None
        # Another process may have laid a newer value while this one compiled: the last to lay must be the newest.
        while laid is None or (settings.REDIS_URL and laid != self._version_in_database()):
            with self._swap:
                value = self._compiled()
                self._use(value, Source.DATABASE)
            sealed = self._sealed(value)
            redis_copy.lay(self.subject, value.version, sealed)
            disk_copy.keep(self.subject, value.version, sealed)
            laid = value.version

    def _sealed(self, value: T) -> bytes:
        return seal(self.subject, value.version, unhurried(self._encode(value)), key=settings.SECRET_KEY)

    def _compiled(self) -> T:
        with transaction.atomic():
            if connection.vendor == "postgresql" and len(connection.savepoint_ids) == 0:
                _read_one_moment()
            return self._compile(self._version_in_database())

    def _version_in_database(self) -> int:
        # Asked with every look of every process: by a query set, the same statement costs ten times as much.
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT number FROM {VERSIONS} WHERE subject = %s", [self.subject])
            row = cursor.fetchone()
        return 0 if row is None else int(row[0])

    # Reading: now and then, in every process, never during a request

    def catch_up(self, *, ask_database: bool = True) -> bool:
        """Take over a newer value, if there is one. True when there was.

        While the database cannot be asked, `trouble` says why. Raises django.db.Error only when there is nothing to
        serve: no value in memory, none in Redis and none on the disk.
        """
        before = self.current
        try:
            if not ask_database:
                raise Error(self.trouble or "The database did not answer a moment ago.")
            version = self._version_in_database()
            self.trouble = ""
            return self._confirm(before) if version == before.version else self._take_over(version, before)
        except Error as exc:
            self.trouble = str(exc).partition("\n")[0] or type(exc).__name__
            if not self._do_without_database(before) and self.current.version < 0:
                raise
            return self.current is not before

    def _confirm(self, value: T) -> bool:
        self._confirmed_at = time.time()
        self.waits_for_another = False
        disk_copy.confirm(self.subject, self._confirmed_at)
        if redis_copy.lacks(self.subject, value.version):
            redis_copy.lay(self.subject, value.version, self._sealed(value))
        return False

    def _take_over(self, version: int, before: T) -> bool:
        """The value of a version that the database told us."""
        if self._take_copy(Source.REDIS, before, lambda found: found == version):
            return True
        if self._take_copy(Source.DISK, before, lambda found: found == version):
            return True
        self.waits_for_another = before.version >= 0 and redis_copy.is_compiled_elsewhere(self.subject, version)
        if not self.waits_for_another:
            self.compile_now()
        return not self.waits_for_another

    def _do_without_database(self, before: T) -> bool:
        """What Redis has that is newer than ours; for a process without anything, what its disk has."""
        if self._take_copy(Source.REDIS, before, lambda found: found > before.version):
            return True
        return before.version < 0 and self._take_copy(Source.DISK, before, lambda found: True)

    def _take_copy(self, source: Source, before: T, is_wanted: Callable[[int], bool]) -> bool:
        """Use the copy, if it is ours, readable and of a version that is wanted."""
        sealed = self._copy_in(source, is_wanted)
        value = None if sealed is None else self._opened(sealed, source)
        if sealed is None or value is None or not is_wanted(value.version):
            return False
        if self.trouble and value.is_empty and not before.is_empty:
            return False  # only the database itself is believed when it says that everything is gone
        age_of = disk_copy.confirmed_at(self.subject) if source is Source.DISK and self.trouble else time.time()
        with self._swap:
            # Else another thread has compiled a newer one meanwhile. Not told by the number: that of a database that
            # was put back is lower.
            if self.current is before:
                self._use(value, source, confirmed_at=age_of)
        if source is Source.REDIS:
            disk_copy.keep(self.subject, value.version, sealed)
        return True

    def _copy_in(self, source: Source, is_wanted: Callable[[int], bool]) -> bytes | None:
        """The sealed text; None where the version alone says that it is not wanted."""
        copy = redis_copy if source is Source.REDIS else disk_copy
        version = copy.version(self.subject)
        return copy.value(self.subject) if version is not None and is_wanted(version) else None

    def _opened(self, sealed: bytes, source: Source) -> T | None:
        try:
            return self._decode(unhurried(unseal(sealed, self.subject, key=settings.SECRET_KEY).pieces))
        except NotOurs as exc:
            logger.warning("What lies in %s is not used. %s", source, exc)
        except ValueError as exc:
            # Signed, so ours: laid there by another release of Plexus, whose values have another shape.
            logger.info("The %s in %s cannot be read, and is compiled instead: %s", self.subject, source, exc)
        return None

    def _use(self, value: T, source: Source, *, confirmed_at: float | None = None) -> None:
        self._retired.add(self.current)
        self.current, self.source = value, source
        self._confirmed_at = time.time() if confirmed_at is None else confirmed_at
        self.waits_for_another = False

    def sweep(self) -> None:
        """Free the values that were replaced and that no request uses any more. Blocks; never on an event loop."""
        self._retired.sweep()

    def forget(self) -> None:
        """Know nothing, as after a first start; Redis and the disk too. For tests."""
        with self._swap:
            self._use(self._empty, Source.NOWHERE, confirmed_at=0.0)
            self.trouble = ""
        redis_copy.forget(self.subject)
        disk_copy.forget(self.subject)


def unhurried(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces one by one, with time for other threads in between."""
    for number, piece in enumerate(pieces):
        if number:
            time.sleep(PAUSE_SECONDS)
        yield piece


def _read_one_moment() -> None:
    """Let all queries of this transaction see one moment, so that no half of a change is compiled."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
