"""Whether the database is there and up to date, said in sentences."""

from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import InterfaceError, OperationalError, ProgrammingError, connection
from django.db.migrations.executor import MigrationExecutor

from providers.busy import waited_in_vain

WAITED_IN_VAIN = (
    "Others were writing to the database for longer than we wait. Nothing was changed; run the command again."
)


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


def lack_of(pending: int) -> str:
    """What is wrong where so many migrations are not applied, and the cure, without its full stop."""
    return f"The database lacks {pending} migration{'s' if pending > 1 else ''}. Apply with `manage.py migrate`"


def what_is_wrong(failure: Exception) -> str | None:
    """What the state of the database says of a command that ended in `failure`; None where that is not to blame.

    A command need not look at the database before it begins: manage.py asks here when one has failed.
    """
    if not isinstance(failure, OperationalError | ProgrammingError | InterfaceError):
        return None
    connection.close()  # whatever transaction it is in is over
    if waited_in_vain(failure):
        return WAITED_IN_VAIN
    try:
        pending = pending_migrations()
    except CommandError as exc:
        return str(exc)
    return f"{lack_of(pending)}." if pending else None


def migrate() -> None:
    """Apply what is pending. Raises CommandError."""
    call_command("migrate", interactive=False, verbosity=0)
