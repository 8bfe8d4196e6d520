"""Whether the database is there and up to date, said in sentences."""

from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor


class DatabaseSilent(CommandError):
    """It does not answer."""


def pending_migrations() -> int:
    """How many migrations are not applied. Raises DatabaseSilent."""
    try:
        executor = MigrationExecutor(connection)
    except OperationalError as exc:
        reason = str(exc).strip().splitlines()[0]
        raise DatabaseSilent(f"The database does not answer ({reason}). DATABASE_URL says where it is.") from exc
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def migrate() -> None:
    """Apply what is pending. Raises CommandError."""
    call_command("migrate", interactive=False, verbosity=0)
