"""Which piece of a table holds which ids, and the SQL that makes one."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from history.ids import first_id_at

KEYS: Final = {"history_requestlog": "id", "history_attemptlog": "request_id"}
"""Each table that is cut, and the column with the request's id. An attempt lies with its request, whenever it was made."""

DAYS_AHEAD: Final = 7
"""How long nobody may make pieces before new rows fall into the piece for all the rest."""

Range = tuple[UUID, UUID]


def piece_of(table: str, day: date) -> str:
    """The name of the piece."""
    return f"{table}_{day:%Y%m%d}"


def rest_of(table: str) -> str:
    """The name of the piece for ids that no day's piece takes."""
    return f"{table}_rest"


def day_of(piece: str) -> date | None:
    """The day in the name of a piece; None for any other table."""
    found = re.search(r"_(\d{4})(\d{2})(\d{2})\Z", piece)
    return date(*map(int, found.groups())) if found else None


def ids_of(day: date) -> Range:
    """The first id of the day (UTC), and the first one after it."""
    midnight = datetime.combine(day, time(), UTC)
    return first_id_at(midnight), first_id_at(midnight + timedelta(days=1))


def day_of_id(id: UUID) -> date:
    """The day of a UUIDv7; that of the first id for one that is none."""
    return datetime.fromtimestamp(min(id.int >> 80, 253_402_300_799_000) / 1000, UTC).date()


def days_between(first: date, last: date) -> list[date]:
    """Both included."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def ahead(today: date) -> list[date]:
    """The days that need a piece now. Yesterday too: a request that began before midnight may be written after it."""
    return days_between(today - timedelta(days=1), today + timedelta(days=DAYS_AHEAD))


def make(table: str, day: date) -> Iterator[str]:
    """Make the piece of a day and take over what the rest has of it.

    Attached, not made in place: then nobody who reads or writes the other days has to wait.
    """
    piece, rest, key, (first, after) = piece_of(table, day), rest_of(table), KEYS[table], ids_of(day)
    yield f"CREATE TABLE {piece} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)"
    yield (
        f"WITH moved AS (DELETE FROM {rest} WHERE {key} >= '{first}' AND {key} < '{after}' RETURNING *) "
        f"INSERT INTO {piece} SELECT * FROM moved"
    )
    yield f"ALTER TABLE {table} ATTACH PARTITION {piece} FOR VALUES FROM ('{first}') TO ('{after}')"


def drop(piece: str) -> str:
    return f"DROP TABLE IF EXISTS {piece}"
