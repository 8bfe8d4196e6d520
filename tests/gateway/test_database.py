"""What a command says of a database that is not there, or not up to date: one sentence, exit code 1."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gateway.management.database import what_is_wrong
from tests.gateway.running import ROOT, Running

COMMANDS = [
    ("import_config", str(ROOT / "examples" / "quick-start.yaml")),
    ("export_config",),
    ("create_key", "somebody"),
    ("createsuperuser", "--noinput", "--username", "a", "--email", "a@example.com"),
    ("shell", "-c", "from routing.models import Alias; print(Alias.objects.count())"),
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
def test_a_database_that_was_never_migrated_is_said_in_a_sentence(arguments: tuple[str, ...], tmp_path: Path) -> None:
    with Running(*arguments, data=tmp_path) as command:
        exit_code = command.wait()

    assert exit_code == 1
    assert "Apply with `manage.py migrate`." in command.output
    assert "Traceback" not in command.output


@pytest.mark.parametrize(
    "arguments", [*COMMANDS[:3], ("migrate",), ("measure_history",)], ids=lambda arguments: arguments[0]
)
def test_a_database_that_does_not_answer_is_said_in_a_sentence(arguments: tuple[str, ...], tmp_path: Path) -> None:
    nobody = {"DATABASE_URL": "postgres://plexus:hidden@127.0.0.1:1/plexus"}

    with Running(*arguments, data=tmp_path, environ=nobody) as command:
        exit_code = command.wait()

    assert exit_code == 1
    assert "The database does not answer (" in command.output
    assert "DATABASE_URL says where it is." in command.output
    assert "hidden" not in command.output
    assert "Traceback" not in command.output


def test_the_traceback_is_there_for_whoever_asks_for_it(tmp_path: Path) -> None:
    with Running("export_config", "--traceback", data=tmp_path) as command:
        exit_code = command.wait()

    assert exit_code == 1
    assert "Traceback" in command.output


@pytest.mark.django_db
def test_a_failure_that_the_database_is_not_to_blame_for_stays_a_failure() -> None:
    assert what_is_wrong(ValueError("Ours.")) is None


def a_database_with_a_table_in_the_way(folder: Path) -> None:
    """As a restored backup leaves it: a table is there that no migration is known to have made."""
    with closing(sqlite3.connect(folder / "plexus.sqlite3")) as database:
        database.execute("CREATE TABLE providers_provider (id integer)")
        database.commit()


@pytest.mark.parametrize(
    "arguments",
    [("migrate",), ("serve", "--migrate", "--port", "0"), ("quickstart", "--port", "0", "--no-browser")],
    ids=lambda arguments: arguments[0],
)
def test_a_migration_that_failed_is_named_with_what_the_database_said(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    a_database_with_a_table_in_the_way(tmp_path)

    with Running(*arguments, data=tmp_path) as command:
        exit_code = command.wait()

    assert exit_code == 1
    assert "refused the migration providers.0001_initial: table " in command.output
    assert "already exists." in command.output
    assert "Apply with" not in command.output
    assert "Traceback" not in command.output
