"""SQL that makes the database itself raise the version of what is compiled from a table, whoever writes to it.

A signal sees `save()` and `delete()`; these triggers also see `QuerySet.update()`, bulk inserts, loaddata and raw SQL, and
take part in the transaction: rolled back, the version never rose. For migrations only.

A version is at least the time in milliseconds. So a database that was made anew, or put back from a backup, never comes to
a number again that stood for something else, in Redis or on the disk of some machine.

SQLite drops a table's triggers when a migration alters the table, since Django then makes the table anew. Such a migration
ends with the `create_triggers` of the table; tests/routing/test_version_triggers.py says when one forgot.
"""

from collections.abc import Iterable, Iterator

VERSIONS = "routing_configurationversion"
NOW_ON_POSTGRESQL = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
NOW_ON_SQLITE = "CAST(strftime('%s', 'now') AS INTEGER) * 1000"
EVENTS = {"insert": "INSERT", "update": "UPDATE", "delete": "DELETE"}


def create_function(vendor: str, *, lock: int) -> Iterator[str]:
    """What the triggers of PostgreSQL run. `lock`: the advisory lock that all writers of configuration take.

    It is taken before the statement has locked any row of its own, so writers who asked nobody wait in the same queue
    as everybody else instead of in a circle.
    """
    if vendor == "postgresql":
        yield (
            "CREATE OR REPLACE FUNCTION plexus_raise_version() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"PERFORM pg_advisory_xact_lock({lock}); "
            f"INSERT INTO {VERSIONS} (subject, number) VALUES (TG_ARGV[0], {NOW_ON_POSTGRESQL}) "
            f"ON CONFLICT (subject) DO UPDATE SET number = GREATEST({VERSIONS}.number + 1, excluded.number); "
            "RETURN NULL; END $$"
        )


def drop_function(vendor: str) -> Iterator[str]:
    if vendor == "postgresql":
        yield "DROP FUNCTION IF EXISTS plexus_raise_version()"


def create_triggers(vendor: str, *, subject: str, tables: Iterable[str]) -> Iterator[str]:
    """Statements after which a change to any of the tables raises the version of `subject`. Also where they exist."""
    for table in tables:
        yield from drop_triggers(vendor, subject=subject, tables=[table])
        if vendor == "postgresql":
            # Per statement, not per row: ten thousand rows in one statement are one change.
            yield (
                f"CREATE TRIGGER {subject}_version BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION plexus_raise_version('{subject}')"
            )
        else:
            yield from (_sqlite_trigger(subject, table, event) for event in EVENTS)


def drop_triggers(vendor: str, *, subject: str, tables: Iterable[str]) -> Iterator[str]:
    for table in tables:
        if vendor == "postgresql":
            yield f"DROP TRIGGER IF EXISTS {subject}_version ON {table}"
        else:
            yield from (f"DROP TRIGGER IF EXISTS {sqlite_name(subject, table, event)}" for event in EVENTS)


def sqlite_name(subject: str, table: str, event: str) -> str:
    """SQLite's triggers share one namespace."""
    return f"{subject}_version_{table}_{event}"


def _sqlite_trigger(subject: str, table: str, event: str) -> str:
    # Two plain statements: an `INSERT OR IGNORE` outside would take over the conflict rule of an upsert in here.
    return (
        f"CREATE TRIGGER {sqlite_name(subject, table, event)} AFTER {EVENTS[event]} ON {table} BEGIN "
        f"INSERT INTO {VERSIONS} (subject, number) SELECT '{subject}', 0 "
        f"WHERE NOT EXISTS (SELECT 1 FROM {VERSIONS} WHERE subject = '{subject}'); "
        f"UPDATE {VERSIONS} SET number = MAX(number + 1, {NOW_ON_SQLITE}) WHERE subject = '{subject}'; END"
    )
