"""What a command says of a database that is not there, or not up to date: one sentence, exit code 1."""

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
