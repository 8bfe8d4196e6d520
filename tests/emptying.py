"""The test database emptied after a test that committed: what is full is emptied, the rest is left alone.

Django's own flush empties every table, and then lets every app fill its own anew (content types, permissions, roles). That
is most of what a short test costs. Here the tables that a new database holds rows in are compared with what they held then;
only if a test changed them is Django's flush the answer.
"""

from django.core.management.color import no_style
from django.db.backends.base.base import BaseDatabaseWrapper

from routing.version_triggers import VERSIONS


class TestDatabase:
    """What it held when it was new."""

    __test__ = False  # no test, whatever pytest thinks of the name

    def __init__(self) -> None:
        self._at_first: dict[str, list[str]] = {}
        self._tables: list[str] = []

    def remember(self, connection: BaseDatabaseWrapper) -> None:
        """It is as good as new."""
        self._tables = sorted(connection.introspection.django_table_names(only_existing=True, include_views=False))
        self._at_first = {table: _rows(connection, table) for table in self._full(connection) if table != VERSIONS}

    def empty(self, connection: BaseDatabaseWrapper) -> bool:
        """Take out what tests have put in. False: they changed what had been there before; nothing was done."""
        if not self._tables or any(_rows(connection, table) != rows for table, rows in self._at_first.items()):
            return False
        full = [table for table in self._full(connection) if table not in self._at_first and table != VERSIONS]
        # The versions last: emptying the others raises them.
        for tables in (full, [VERSIONS]):
            statements = connection.ops.sql_flush(no_style(), tables, reset_sequences=False, allow_cascade=True)
            connection.ops.execute_sql_flush(statements)
        return True

    def _full(self, connection: BaseDatabaseWrapper) -> list[str]:
        """Tables with a row at least, all asked in one query."""
        quoted = connection.ops.quote_name
        looks = [f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {quoted(table)})" for table in self._tables]
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(looks))
            return [table for (table,) in cursor.fetchall()]


def _rows(connection: BaseDatabaseWrapper, table: str) -> list[str]:
    """All that a small table holds, in an order of its own."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
        return sorted(map(repr, cursor.fetchall()))


DATABASE = TestDatabase()
