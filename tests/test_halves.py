"""A test runs in both halves if anything of it stands on the database, else in the embedded one; unless it says otherwise."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ONE_OF_EACH_KIND = """
import pytest
from django.test import TransactionTestCase
from tests.gateways import gateway, upstream

@pytest.fixture
def row(transactional_db): ...

def test_pure(): ...
@pytest.mark.django_db
def test_with_the_mark(): ...
def test_with_the_fixture(db): ...
def test_with_a_fixture_that_needs_it(row): ...
def test_with_a_gateway(gateway): ...
def test_with_djangos_client(admin_client): ...
class Tests(TransactionTestCase):
    def test_in_djangos_way(self): ...
@pytest.mark.halves("real")
def test_for_the_real_half(): ...
@pytest.mark.halves("embedded", "real")
def test_for_both(): ...
"""
IN_BOTH = {
    "test_with_the_mark", "test_with_the_fixture", "test_with_a_fixture_that_needs_it", "test_with_a_gateway",
    "test_with_djangos_client", "test_in_djangos_way", "test_for_both",
}  # fmt: skip
COLLECT = """
import json, sys, pytest

class As:
    def __init__(self, half, part="", everything=False):
        self.settings = {"HALF": half, "PART": part, "EVERYTHING": everything}

    def pytest_configure(self):
        from tests import halves
        vars(halves).update(self.settings)

options = ["--collect-only", "-q", "-p", "no:cacheprovider", "-c", "pyproject.toml"]
for case in json.loads(sys.argv[1]):
    print("as", *case)
    exit_code = pytest.main([*options, sys.argv[2]], plugins=[As(*case)])
    assert exit_code == 0, exit_code
"""
CASES = [
    ["embedded"], ["real"], ["embedded", "database"], ["embedded", "rest"], ["embedded", "", "everything"], ["real", "", "everything"],
]  # fmt: skip
"""Half, the part of it, whether everything was asked for."""


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Case -> the names of the tests that would run. One process collects them all: it takes seconds to start."""
    file = tmp_path_factory.mktemp("kinds") / "test_kinds.py"
    file.write_text(ONE_OF_EACH_KIND)
    command = [sys.executable, "-c", COLLECT, json.dumps(CASES), str(file)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLEXUS_TEST_")}
    run = subprocess.run(command, cwd=ROOT, env=kept, capture_output=True, text=True, check=False, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
    _, *said = re.split(r"^as (.+)$", run.stdout, flags=re.MULTILINE)
    return {
        case: set(re.findall(r"::(test_\w+)$", lines, re.MULTILINE))
        for case, lines in zip(said[::2], said[1::2], strict=True)
    }


def test_the_embedded_half_runs_all_but_what_is_for_the_real_one(collected: dict[str, set[str]]) -> None:
    assert collected["embedded"] == IN_BOTH | {"test_pure"}


def test_the_real_half_runs_what_stands_on_the_database(collected: dict[str, set[str]]) -> None:
    assert collected["real"] == IN_BOTH | {"test_for_the_real_half"}


def test_the_parts_of_a_half_run_what_stands_on_the_database_and_the_rest(collected: dict[str, set[str]]) -> None:
    assert collected["embedded database"] == IN_BOTH - {"test_for_both"}
    assert collected["embedded rest"] == {"test_pure", "test_for_both"}


@pytest.mark.parametrize("half", ["embedded", "real"])
def test_a_half_runs_everything_where_that_is_asked_for(collected: dict[str, set[str]], half: str) -> None:
    assert collected[f"{half}  everything"] == IN_BOTH | {"test_pure", "test_for_the_real_half"}
