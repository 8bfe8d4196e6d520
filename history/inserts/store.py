"""The statements: many rows with one each. Call inside a transaction; each raises django.db.Error.

On PostgreSQL rows are copied (COPY), which skips parsing and planning for each; sums are added by one INSERT that reads them from
JSON. On SQLite a prepared INSERT is run for each row. Neither says which rows were new: one that is known makes it fail, and the
transaction is run again without those that `known_ids` names.
"""

from collections.abc import Collection, Iterable, Sequence, Set
from functools import cache

import msgspec
from django.db import connection, models

from history.batch import Note, Place
from history.inserts.values import (
    ATTEMPT_COLUMNS,
    COUNTERS,
    NOTE_COLUMNS,
    REQUEST_COLUMNS,
    STAT_COLUMNS,
    Value,
    attempt_values,
    request_values,
    stat_values,
    time_text,
)
from history.models import AttemptLog, JournalBatch, RequestLog, TargetStat
from history.statistics import Bucket, Costed, Sums

Values = Sequence[Value]


def known_ids(ids: Collection[str]) -> Set[str]:
    """Those of these ids (as `id_in_hex` makes them) that have a row."""
    table = RequestLog._meta.db_table
    with connection.cursor() as cursor:
        if _copies():
            statement = f"SELECT replace(id::text, '-', '') FROM {table} WHERE id = ANY(%s::uuid[])"
            cursor.execute(statement, ["{" + ",".join(ids) + "}"])
        else:
            statement = f"SELECT id FROM {table} WHERE id IN (SELECT value FROM json_each(%s))"
            cursor.execute(statement, [msgspec.json.encode(list(ids)).decode()])
        return {id for (id,) in cursor.fetchall()}


def insert(requests: Iterable[tuple[str, Costed]]) -> None:
    """Requests that have no row yet, each with its id, and their attempts."""
    zone, rows, attempts = _zone(), [], []
    for id, (row, cost_usd) in requests:
        rows.append(request_values(row, id, cost_usd, zone))
        attempts += [attempt_values(attempt, id, zone) for attempt in row.attempts]
    _insert_all(RequestLog, REQUEST_COLUMNS, rows)
    _insert_all(AttemptLog, ATTEMPT_COLUMNS, attempts)


def add_to_statistics(tallied: Iterable[tuple[Bucket, Sums]]) -> None:
    """Add to the counters of each bucket, in the order given."""
    rows = [stat_values(bucket, sums, _zone()) for bucket, sums in tallied]
    with connection.cursor() as cursor:
        if _copies():
            given = [dict(zip(STAT_COLUMNS, row, strict=True)) for row in rows]
            cursor.execute(_adding(), [msgspec.json.encode(given).decode()])
        else:
            cursor.executemany(_adding(), rows)


def note(place: Place, told: Note, written_at: float) -> None:
    """That a batch is written. Once: what was noted before stays. `written_at`: seconds since the epoch."""
    with connection.cursor() as cursor:
        cursor.execute(_noting(), [*place, *told, time_text(written_at, _zone())])


def _copies() -> bool:
    return connection.vendor == "postgresql"


def _zone() -> str:
    return "+00" if _copies() else ""


def _insert_all(model: type[models.Model], columns: tuple[str, ...], rows: Sequence[Values]) -> None:
    with connection.cursor() as cursor:
        if not _copies():
            cursor.executemany(_inserting(model, columns), rows)
            return
        with connection.wrap_database_errors, cursor.copy(_copying(model, columns)) as copy:
            for row in rows:
                copy.write_row(row)


@cache
def _inserting(model: type[models.Model], columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {_into(model, columns)} VALUES ({', '.join(['%s'] * len(columns))})"


@cache
def _copying(model: type[models.Model], columns: tuple[str, ...]) -> str:
    return f"COPY {_into(model, columns)} FROM STDIN"


@cache
def _noting() -> str:
    return f"{_inserting(JournalBatch, NOTE_COLUMNS)} ON CONFLICT DO NOTHING"


def _into(model: type[models.Model], columns: Iterable[str]) -> str:
    return f"{_quoted(model._meta.db_table)} ({', '.join(map(_quoted, columns))})"


@cache
def _adding() -> str:
    """Django's bulk_create can overwrite what it meets but not add to it."""
    table = _quoted(TargetStat._meta.db_table)
    names = ", ".join(map(_quoted, STAT_COLUMNS))
    sums = ", ".join(f"{_quoted(name)} = {table}.{_quoted(name)} + excluded.{_quoted(name)}" for name in COUNTERS)
    given = f"VALUES ({', '.join(['%s'] * len(STAT_COLUMNS))})"
    if _copies():
        types = ((name, TargetStat._meta.get_field(name).db_type(connection)) for name in STAT_COLUMNS)
        typed = ", ".join(f"{_quoted(name)} {type}" for name, type in types)
        given = f"SELECT {names} FROM json_to_recordset(%s::json) AS given ({typed})"
    keys = ", ".join(map(_quoted, Bucket._fields))
    return f"INSERT INTO {_into(TargetStat, STAT_COLUMNS)} {given} ON CONFLICT ({keys}) DO UPDATE SET {sums}"


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
