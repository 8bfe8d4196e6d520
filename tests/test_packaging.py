"""docker-compose.yml, Dockerfile and .env.example: what can be known of them without Docker."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = ROOT / "docker-compose.yml"
INSTRUCTIONS = {
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "ONBUILD", "RUN", "SHELL",
    "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
}  # fmt: skip


def services() -> dict[str, dict[str, Any]]:  # Any: whatever the compose schema allows
    loaded: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load(COMPOSE.read_text())
    return loaded["services"]


def refusal_of(compose: Path) -> str:
    """What the compose specification's own schema has against this file; empty if nothing."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(compose)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def dockerfile() -> list[list[str]]:
    """Each instruction's words, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    return [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def copied_from_here() -> list[str]:
    """What the Dockerfile takes from this folder, not from another stage."""
    return [
        source
        for first, *words in dockerfile()
        if first == "COPY" and not words[0].startswith("--from")
        for source in words[:-1]
    ]


def test_the_compose_file_fits_the_specification() -> None:
    assert refusal_of(COMPOSE) == ""


def test_a_misspelt_key_in_it_would_be_refused(tmp_path: Path) -> None:
    misspelt = tmp_path / "docker-compose.yml"
    misspelt.write_text(COMPOSE.read_text().replace("healthcheck:", "healthchek:", 1))

    assert "healthchek" in refusal_of(misspelt)


@pytest.mark.parametrize("document", [".env.example", "docs/settings.md"])
def test_every_variable_in_it_is_explained(document: str) -> None:
    variables = set(re.findall(r"(?<!\$)\$\{(\w+)", COMPOSE.read_text()))

    assert variables
    assert {name for name in variables if name not in (ROOT / document).read_text()} == set()


@pytest.mark.parametrize("secret", ["SECRET_KEY", "POSTGRES_PASSWORD", "PLEXUS_ENCRYPTION_KEYS"])
def test_it_does_not_start_without_its_secrets(secret: str) -> None:
    uses = re.findall(rf"\$\{{{secret}(.?.?)", COMPOSE.read_text())

    assert set(uses) == {":?"}


def test_all_of_ours_run_without_privileges_and_after_the_migration() -> None:
    ours = {name: service for name, service in services().items() if "build" in service}

    assert set(ours) == {"migrate", "web", "worker", "beat"}
    for name, service in ours.items():
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"]), name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        if name != "migrate":
            assert service["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_every_service_says_how_its_health_is_seen() -> None:
    assert {name for name, service in services().items() if "healthcheck" not in service} == set()


def test_the_dockerfile_has_known_instructions_only() -> None:
    assert {first for first, *_ in dockerfile()} <= INSTRUCTIONS


def test_the_dockerfile_copies_only_what_exists() -> None:
    assert [source for source in copied_from_here() if not (ROOT / source).exists()] == []


def test_the_dockerfile_leaves_no_room_out() -> None:
    rooms = {file.parent.name for file in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}

    assert rooms <= set(copied_from_here())


def test_what_the_dockerfile_copies_is_let_through_to_the_builder() -> None:
    let_through = set(re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))

    assert set(copied_from_here()) == let_through


def test_the_image_runs_as_an_ordinary_user() -> None:
    users = [words for first, *words in dockerfile() if first == "USER"]

    assert users == [["plexus"]]


def test_every_setting_is_in_the_example() -> None:
    settings = (ROOT / "plexus_site" / "settings.py").read_text()
    names = set(re.findall(r"\benv\.\w+\(\s*\"(\w+)\"", settings))

    example = (ROOT / ".env.example").read_text()
    assert len(names) > 20
    assert {name for name in names if not re.search(rf"^#?{name}=", example, re.MULTILINE)} == set()
