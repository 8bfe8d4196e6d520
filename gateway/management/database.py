"""Whether the database is there and up to date, said in sentences."""

from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, InterfaceError, OperationalError, ProgrammingError, connection
from django.db.migrations.executor import MigrationExecutor

from providers.busy import waited_in_vain

WAITED_IN_VAIN = (
    "Others were writing to the database for longer than we wait. Nothing was changed; run the command again."
)


class DatabaseSilent(CommandError):
    """It does not answer."""


class MigrationFailed(CommandError):
    """The database refused a step of one."""


def pending_migrations() -> list[str]:
    """The migrations that are not applied, as `gateway.0004_audit`, in their order. Raises DatabaseSilent."""
    try:
        executor = MigrationExecutor(connection)
    except OperationalError as exc:
        raise DatabaseSilent(
            f"The database does not answer ({reason_in(exc)}). DATABASE_URL says where it is."
        ) from exc
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def lack_of(pending: int) -> str:
    """What is wrong where so many migrations are not applied, and the cure, without its full stop."""
    return f"The database lacks {pending} migration{'s' if pending > 1 else ''}. Apply with `manage.py migrate`"


def what_is_wrong(failure: Exception, *, migrates: bool = False) -> str | None:
    """What the state of the database says of a command that ended in `failure`; None where that is not to blame.

    A command need not look at the database before it begins: manage.py asks here when one has failed. `migrates`: that
    command was to apply what is pending, so to name the number and the cure would go in a circle.
    """
    kinds = (DatabaseError, InterfaceError) if migrates else (OperationalError, ProgrammingError, InterfaceError)
    if not isinstance(failure, kinds):
        return None
    connection.close()  # whatever transaction it is in is over
    if waited_in_vain(failure):
        return WAITED_IN_VAIN
    try:
        pending = pending_migrations()
    except CommandError as exc:
        return str(exc)
    if not pending:
        return None
    return why_it_failed(pending[0], failure) if migrates else f"{lack_of(len(pending))}."


def why_it_failed(migration: str, failure: Exception) -> str:
    """The first pending migration, `gateway.0004_audit`, and what the database said of it."""
    cause = f"The database refused the migration {migration}: {reason_in(failure).rstrip('.')}."
    return f"{cause} All before it are applied; `manage.py migrate --traceback` shows where it failed."


def reason_in(failure: Exception) -> str:
    """The first line of what the database said."""
    return next(iter(str(failure).strip().splitlines()), type(failure).__name__)


def migrate() -> None:
    """Apply what is pending. Raises CommandError."""
    try:
        call_command("migrate", interactive=False, verbosity=0)
    except (DatabaseError, InterfaceError) as exc:
        sentence = what_is_wrong(exc, migrates=True)
        if sentence is None:
            raise
        raise MigrationFailed(sentence) from exc
