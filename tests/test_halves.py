"""A test runs in both halves if anything of it stands on the database, else in the embedded one; unless it says otherwise."""

import os
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
import sys, pytest

class AsThatHalf:
    def pytest_configure(self):
        from tests import halves
        halves.HALF = sys.argv[1]

options = ["--collect-only", "-q", "-p", "no:cacheprovider", "-c", "pyproject.toml"]
sys.exit(pytest.main([*options, sys.argv[2]], plugins=[AsThatHalf()]))
"""


@pytest.fixture(scope="module")
def one_of_each_kind(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("kinds") / "test_kinds.py"
    file.write_text(ONE_OF_EACH_KIND)
    return file


def collected(half: str, file: Path, **environ: str) -> set[str]:
    """The names of the tests that a half would run."""
    command = [sys.executable, "-c", COLLECT, half, str(file)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLEXUS_TEST_")}
    run = subprocess.run(
        command, cwd=ROOT, env={**kept, **environ}, capture_output=True, text=True, check=False, timeout=60
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return {line.rpartition("::")[2] for line in run.stdout.splitlines() if "::" in line}


def test_the_embedded_half_runs_all_but_what_is_for_the_real_one(one_of_each_kind: Path) -> None:
    assert collected("embedded", one_of_each_kind) == IN_BOTH | {"test_pure"}


def test_the_real_half_runs_what_stands_on_the_database(one_of_each_kind: Path) -> None:
    assert collected("real", one_of_each_kind) == IN_BOTH | {"test_for_the_real_half"}


@pytest.mark.parametrize("half", ["embedded", "real"])
def test_a_half_runs_everything_where_that_is_asked_for(one_of_each_kind: Path, half: str) -> None:
    everything = collected(half, one_of_each_kind, PLEXUS_TEST_EVERYTHING="1")

    assert everything == IN_BOTH | {"test_pure", "test_for_the_real_half"}
