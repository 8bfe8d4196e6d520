"""Requests and attempts in a piece per day, on PostgreSQL; SQLite keeps its plain tables.

The rows move, and the indexes are made anew by their names, so that later migrations find them. Backwards the same.
"""

from datetime import timedelta
from uuid import UUID

from django.db import migrations
from django.utils import timezone

from history.partitions import days

PRIMARY_KEYS = {"history_requestlog": "id", "history_attemptlog": "id, request_id"}
"""On a table that is cut, a key must hold the column by which it is."""
LONGEST_PAST = timedelta(days=400)
"""Rows older than this go to the piece for the rest: a wrong clock must not make pieces by the thousand."""


def cut(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table, key in days.KEYS.items():
            remake(schema_editor, table, f"PARTITION BY RANGE ({key})", PRIMARY_KEYS[table], make_pieces)


def join(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table in days.KEYS:
            remake(schema_editor, table, "", "id", lambda *arguments: None)


def remake(schema_editor, table, cut_by, primary_key, prepare):
    """Make the table anew as it is but for how it is cut, with its rows, constraints and indexes."""
    execute = lambda statement: schema_editor.execute(statement, params=None)  # noqa: E731
    uniques, indexes = constraints_of(schema_editor, table), indexes_of(schema_editor, table)
    first, last = ends_of(schema_editor, table)
    execute(f"ALTER TABLE {table} RENAME TO {table}_old")
    execute(f"CREATE TABLE {table} (LIKE {table}_old INCLUDING ALL EXCLUDING INDEXES) {cut_by}")
    prepare(execute, table, first, last)
    execute(f"INSERT INTO {table} SELECT * FROM {table}_old")
    execute(f"DROP TABLE {table}_old CASCADE")
    execute(f"ALTER TABLE {table} ADD CONSTRAINT {table}_pkey PRIMARY KEY ({primary_key})")
    for name, definition in uniques:
        execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    for definition in indexes:
        execute(definition.replace(" ON ONLY ", " ON "))
    if table == "history_attemptlog":
        execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), "
            f"GREATEST((SELECT max(id) FROM {table}), 1), EXISTS (SELECT 1 FROM {table}))"
        )


def make_pieces(execute, table, first, last):
    execute(f"CREATE TABLE {days.rest_of(table)} PARTITION OF {table} DEFAULT")
    today = timezone.now().date()
    wanted = set(days.ahead(today))
    if first is not None:
        oldest = max(days.day_of_id(first), today - LONGEST_PAST)
        wanted |= set(days.days_between(oldest, min(days.day_of_id(last), today)))
    for day in sorted(wanted):
        for statement in days.make(table, day):
            execute(statement)


def ends_of(schema_editor, table):
    """The first and the last id of a request; None and None where there is none."""
    key = days.KEYS[table]
    with schema_editor.connection.cursor() as cursor:
        ends = []
        for order in ("ASC", "DESC"):
            cursor.execute(f"SELECT {key} FROM {table} ORDER BY {key} {order} LIMIT 1")
            row = cursor.fetchone()
            ends.append(None if row is None else UUID(str(row[0])))
        return ends


def constraints_of(schema_editor, table):
    """The unique ones, by name, with their definitions."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass "
            "AND contype = 'u' ORDER BY 1",
            [table],
        )
        return cursor.fetchall()


def indexes_of(schema_editor, table):
    """Definitions of those that stand for no constraint."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = %s::regclass "
            "AND indexrelid NOT IN (SELECT conindid FROM pg_constraint WHERE conrelid = %s::regclass) ORDER BY 1",
            [table, table],
        )
        return [definition for (definition,) in cursor.fetchall()]


class Migration(migrations.Migration):
    dependencies = [("history", "0005_attempt_why")]

    operations = [migrations.RunPython(cut, join)]
