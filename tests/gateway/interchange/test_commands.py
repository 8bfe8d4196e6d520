import io
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from gateway.access.keyring import KeyRing
from gateway.access.store import compile_keys
from gateway.models import ClientKey, digest_of
from providers.models import Provider, ProviderModel
from routing.models import Alias, Synonym

pytestmark = pytest.mark.django_db

FILE = """
providers:
  - name: openai
    baseUrls: {chat: "https://api.openai.com/v1/chat/completions"}
    auth: {type: none}
    models: [gpt-4o]
models:
  - alias: fast
    additionalAliases: [quick]
    apiMatch: true
    targets: [{provider: openai, model: gpt-4o}]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "plexus.yaml"
    path.write_text(FILE)
    return path


def run(*arguments: object) -> str:
    out = io.StringIO()
    call_command(*map(str, arguments), stdout=out)
    return out.getvalue()


def test_an_import_says_what_it_did_and_ends_with_a_summary(file: Path) -> None:
    said = run("import_config", file).splitlines()

    assert said[0] == "+ provider openai"
    assert said[-2].startswith("ignored: models[0].apiMatch (line 10): ")
    assert said[-1] == ("Applied 6 changes: created 1 provider, 1 address, 1 model, 1 alias, 1 synonym, 1 target.")


def test_a_dry_run_with_something_to_do_exits_with_2(file: Path) -> None:
    with pytest.raises(SystemExit) as left:
        run("import_config", file, "--dry-run")

    assert left.value.code == 2
    assert not Provider.objects.exists()


def test_a_dry_run_with_nothing_to_do_is_a_success(file: Path) -> None:
    run("import_config", file)

    assert run("import_config", file, "--dry-run").endswith("Nothing to do: everything is as the file says.\n")


def test_a_refused_import_says_why_on_standard_error(file: Path) -> None:
    file.write_text(FILE.replace("model: gpt-4o}", "model: gpt-5}"))
    errors = io.StringIO()

    with pytest.raises(CommandError, match=r"Refused for 1 reason; nothing was changed\."):
        call_command("import_config", str(file), stderr=errors)

    assert errors.getvalue().startswith("models[0].targets[0].model (line 11): ")


def test_the_export_of_an_import_changes_nothing(file: Path) -> None:
    run("import_config", file)
    file.write_text(run("export_config"))

    assert run("import_config", file, "--prune").startswith("Nothing to do")


def test_a_file_that_deletes_everything_is_refused_unless_forced(file: Path) -> None:
    run("import_config", file)
    file.write_text("{providers: [], models: []}")

    with pytest.raises(CommandError, match=r"It deletes everything that is configured: 1 provider, 1 model, 1 alias\."):
        run("import_config", file, "--prune")

    assert Alias.objects.exists()
    assert run("import_config", file, "--prune", "--force").splitlines()[-1].startswith("Applied 3 changes")
    assert not Provider.objects.exists()


def test_a_dry_run_says_what_would_be_refused(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("import_config", file)
    file.write_text("{providers: [], models: []}")

    with pytest.raises(SystemExit):
        call_command("import_config", str(file), "--prune", "--dry-run")

    assert "warning: It deletes everything that is configured" in capsys.readouterr().out
    assert Alias.objects.exists()


@pytest.mark.parametrize("content", [b"\xff\xfe", b""])
def test_a_file_that_cannot_be_read_is_one_sentence(file: Path, content: bytes) -> None:
    file.write_bytes(content)

    with pytest.raises(CommandError):
        run("import_config", file)


def test_a_file_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(CommandError, match="No such file"):
        run("import_config", "nowhere.yaml")


@pytest.mark.django_db(transaction=True)
def test_standard_input_and_the_exit_codes_work_in_a_process_of_its_own(test_database_url: str) -> None:
    def import_from_standard_input(text: str, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", "import_config", "-", *options],
            cwd=settings.BASE_DIR,
            env={**os.environ, "DATABASE_URL": test_database_url},
            input=text,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    dry = import_from_standard_input(FILE, "--dry-run")
    refused = import_from_standard_input("models: 5")

    assert (dry.returncode, dry.stderr) == (2, "")
    assert dry.stdout.splitlines()[-1].startswith("Would apply 6 changes")
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[0] == "models (line 1): Expected a list, found a number."
    assert refused.stdout == ""


# create_key


@pytest.fixture
def configuration(file: Path) -> None:
    run("import_config", file)


def test_the_last_line_is_the_key_alone() -> None:
    secret = run("create_key", "billing").splitlines()[-1]

    assert ClientKey.objects.get().digest == digest_of(secret)
    assert ClientKey.objects.get().access == ClientKey.Access.EVERYTHING


@pytest.mark.usefixtures("configuration")
def test_a_key_may_be_made_for_some_names_only() -> None:
    run("create_key", "billing", "--alias", "quick", "--model", "openai/gpt-4o")

    ring: KeyRing = compile_keys(1)
    (caller,) = ring.callers.values()
    assert caller.is_restricted
    assert caller.aliases == {Alias.objects.get(name="fast").pk}
    assert caller.models == {ProviderModel.objects.get(name="gpt-4o").pk}


def test_a_key_may_have_an_owner_and_an_end() -> None:
    owner = User.objects.create_user("ada")

    run("create_key", "billing", "--owner", "ada", "--expires-days", "2")

    key = ClientKey.objects.get()
    assert key.owner == owner
    assert key.expires_at is not None
    assert timedelta(days=1.9) < key.expires_at - timezone.now() <= timedelta(days=2)


@pytest.mark.usefixtures("configuration")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["new", "--alias", "slow"], "There is no alias “slow”"),
        (["new", "--alias", "fast", "--alias", "FAST"], "There is no alias “FAST”"),
        (["new", "--model", "gpt-4o"], "There is no model “gpt-4o”"),
        (["new", "--owner", "nobody"], "There is no user “nobody”"),
        (["taken"], "A key of this name already exists"),
        ([" "], r"^name: This field cannot be blank\. No key was made\.$"),
        (["new", "--expires-days", "0"], "Expected a whole number from 1"),
        (["new", "--expires-days", "9" * 30], "Expected a whole number from 1"),
    ],
)
def test_a_wrong_wish_is_refused_in_a_sentence_and_makes_no_key(arguments: list[str], sentence: str) -> None:
    run("create_key", "taken")

    with pytest.raises(CommandError, match=sentence):
        run("create_key", *arguments)

    assert ClientKey.objects.count() == 1


def test_names_of_the_file_are_what_the_database_has(file: Path) -> None:
    run("import_config", file)

    assert [alias.name for alias in Alias.objects.all()] == ["fast"]
    assert [synonym.name for synonym in Synonym.objects.all()] == ["quick"]
    assert [str(model) for model in ProviderModel.objects.all()] == ["openai/gpt-4o"]
