"""Making the pieces of the coming days and dropping those past their time, in whatever database there is.

On SQLite there are no pieces, and nothing is done.
"""

import logging
from collections.abc import Iterable
from datetime import date, datetime

from django.db import OperationalError, connection, transaction

from history.partitions import days

logger = logging.getLogger(__name__)
LOCK = 0x706C_6579
"""Whoever makes or drops pieces waits for this one: two beats may run by mistake."""
WAIT_FOR_READERS = "1s"
"""Dropping a piece waits for whoever reads the table, and everybody else then waits behind it. Not longer than this."""


def are_cut() -> bool:
    """Whether the tables of history lie in pieces here."""
    return connection.vendor == "postgresql"


def make_ahead(today: date) -> list[str]:
    """Make the pieces that are missing from yesterday to a week from now; return their names. Raises django.db.Error."""
    return make(days.ahead(today)) if are_cut() else []


def make(wanted: Iterable[date]) -> list[str]:
    """Make the pieces of these days that are missing, each day's in a transaction of its own."""
    made = []
    for day in wanted:
        with transaction.atomic():
            _take_turns()
            missing = [table for table in days.KEYS if days.piece_of(table, day) not in pieces_of(table)]
            for table in missing:
                _execute(days.make(table, day))
                made.append(days.piece_of(table, day))
    return made


def drop_before(moment: datetime) -> list[str]:
    """Drop the pieces that hold nothing from `moment` on; return their names."""
    if not are_cut():
        return []
    # Attempts first: what is half done then is a request without its attempts, not the other way round.
    old = [piece for table in reversed(days.KEYS) for piece in pieces_of(table) if _is_over(piece, moment)]
    return drop(old)


def drop(pieces: Iterable[str]) -> list[str]:
    """Drop these pieces; return the names of those that were. One that is being read is left for later."""
    return [piece for piece in pieces if _drop(piece)]


def _is_over(piece: str, moment: datetime) -> bool:
    day = days.day_of(piece)
    return day is not None and day < moment.date()


def _drop(piece: str) -> bool:
    try:
        with transaction.atomic():
            _take_turns()
            _execute([f"SET LOCAL lock_timeout = '{WAIT_FOR_READERS}'", days.drop(piece)])
    except OperationalError as exc:
        logger.warning("The history of %s is dropped later: %s", piece, str(exc).partition("\n")[0])
        return False
    return True


def pieces_of(table: str) -> list[str]:
    """Names of the pieces that the table has, by name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = %s::regclass ORDER BY 1",
            [table],
        )
        return [name for (name,) in cursor.fetchall()]


def _take_turns() -> None:
    _execute(["SET LOCAL statement_timeout = 0", f"SELECT pg_advisory_xact_lock({LOCK})"])


def _execute(statements: Iterable[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
