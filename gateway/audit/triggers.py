"""SQL that lets the database itself refuse changes to what was recorded. For migrations only.

One update is let through: the user of a row becoming NULL, which is how Django deletes a user; the name stays. Deleting
is refused by PostgreSQL. SQLite's way of emptying a database (`manage.py flush`) is to delete, so there the code alone
refuses. TRUNCATE, for which one must own the table, is not held up.
"""

from collections.abc import Iterable, Iterator

SAYING = "what was recorded is not changed"


def create_triggers(vendor: str, *, table: str, columns: Iterable[str], emptied: Iterable[str]) -> Iterator[str]:
    """`columns`: all that may never change. `emptied`: those that may become NULL."""
    differs = "IS DISTINCT FROM" if vendor == "postgresql" else "IS NOT"
    changed = " OR ".join(
        [
            *(f"NEW.{column} {differs} OLD.{column}" for column in columns),
            *(f"NEW.{column} IS NOT NULL AND NEW.{column} {differs} OLD.{column}" for column in emptied),
        ]
    )
    if vendor == "postgresql":
        yield (
            "CREATE OR REPLACE FUNCTION plexus_only_added() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{SAYING}' USING ERRCODE = 'restrict_violation'; END $$"
        )
        yield (
            f"CREATE TRIGGER {table}_not_updated BEFORE UPDATE ON {table} FOR EACH ROW "
            f"WHEN ({changed}) EXECUTE FUNCTION plexus_only_added()"
        )
        yield (
            f"CREATE TRIGGER {table}_not_deleted BEFORE DELETE ON {table} FOR EACH ROW "
            "EXECUTE FUNCTION plexus_only_added()"
        )
    else:
        yield (
            f"CREATE TRIGGER {table}_not_updated BEFORE UPDATE ON {table} WHEN {changed} "
            f"BEGIN SELECT RAISE(ABORT, '{SAYING}'); END"
        )


def drop_triggers(vendor: str, *, table: str) -> Iterator[str]:
    if vendor == "postgresql":
        yield f"DROP TRIGGER IF EXISTS {table}_not_updated ON {table}"
        yield f"DROP TRIGGER IF EXISTS {table}_not_deleted ON {table}"
    else:
        yield f"DROP TRIGGER IF EXISTS {table}_not_updated"
