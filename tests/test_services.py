"""The run stands on what it says it does, and on nothing of the user's."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from gateway.management.commands.test import Share, how_far, shares, turns
from gateway.management.outcomes import NOTHING_TO_RUN, Outcome, exit_code_of, together
from tests import services
from tests.gateways import eventually
from tests.progress import Progress

ROOT = Path(__file__).parents[1]


@pytest.mark.django_db
def test_each_half_has_the_database_it_names() -> None:
    assert connection.vendor == ("postgresql" if services.REAL else "sqlite")


@pytest.mark.halves("embedded", "real")
def test_each_half_has_the_broker_it_names() -> None:
    assert settings.CELERY_BROKER_URL.startswith("redis://" if services.REAL else "memory://")


def test_the_users_settings_keys_and_proxies_do_not_reach_the_tests() -> None:
    environ = {
        "DATABASE_URL": "postgres://u:p@example.com/x", "REDIS_URL": "redis://example.com", "OPENAI_API_KEY": "sk-real",
        "PLEXUS_LOG_LEVEL": "DEBUG", "PLEXUS_TEST_SERVICES": "real", "HTTPS_PROXY": "http://proxy", "PATH": "/bin",
    }  # fmt: skip

    services.shield(environ)

    assert environ == {
        "PLEXUS_TEST_SERVICES": "real", "HTTPS_PROXY": "http://proxy", "PATH": "/bin", "PLEXUS_ENV_FILE": "",
        "NO_PROXY": "127.0.0.1,localhost,::1", "no_proxy": "127.0.0.1,localhost,::1",
    }  # fmt: skip


@pytest.mark.halves("embedded", "real")
def test_the_data_folder_is_a_throwaway_one() -> None:
    assert str(settings.DATA_DIR) == os.environ["PLEXUS_DATA_DIR"]
    assert settings.DATA_DIR.name.startswith("plexus-test-data-")


@pytest.mark.django_db(transaction=True)
def test_the_celery_worker_answers(celery_worker: None) -> None:
    from plexus_site.celery import app

    assert eventually(lambda: app.control.ping(timeout=0.5))


@pytest.mark.parametrize(
    ("outcome", "says", "is_good"),
    [
        (Outcome(half="real", exit_code=0, counts={"passed": 3, "skipped": 1}, runs_on="here"), "real: 3 passed, 1 skipped (here)", True),
        (Outcome(half="real", exit_code=1, counts={"passed": 3, "failed": 1}, runs_on="here"), "real: 3 passed, 1 failed (here)", False),
        (Outcome(half="real", exit_code=5, counts={"passed": 0}, runs_on="here"), "real: no test ran (here)", False),
        (Outcome(half="real", exit_code=0, counts={"skipped": 2}, runs_on="here"), "real: no test ran, 2 skipped (here)", False),
        (Outcome(half="real", exit_code=1, failure="no binaries"), "real: could not start (no binaries)", False),
        (Outcome(half="real", exit_code=0, counts={"passed": 3}, elsewhere=7, runs_on="here"), "real: 3 passed, 7 in the other half alone (here)", True),
        (Outcome(half="real", exit_code=130, counts={"passed": 3}), "real: stopped", False),
        (Outcome(half="real", exit_code=4, counts={"passed": 3}), "real: 3 passed, pytest ended with 4", False),
    ],
)  # fmt: skip
def test_the_last_line_says_plainly_what_ran(outcome: Outcome, says: str, is_good: bool) -> None:
    assert (str(outcome), outcome.is_good) == (says, is_good)


def test_a_half_that_had_nothing_to_do_is_excused_by_one_that_is_good() -> None:
    idle = Outcome(half="real", exit_code=NOTHING_TO_RUN, counts={"passed": 0}, elsewhere=7)
    good = Outcome(half="embedded", exit_code=0, counts={"passed": 7})
    bad = Outcome(half="embedded", exit_code=1, counts={"failed": 7})
    empty = Outcome(half="embedded", exit_code=NOTHING_TO_RUN, counts={"passed": 0})

    assert exit_code_of([good, idle]) == 0
    assert exit_code_of([idle]) == NOTHING_TO_RUN
    assert exit_code_of([bad, idle]) == 1
    assert exit_code_of([empty, idle]) == NOTHING_TO_RUN


def test_what_became_of_the_parts_of_a_half_is_told_together() -> None:
    one = Outcome(half="embedded", exit_code=0, counts={"passed": 3, "skipped": 1}, elsewhere=2, runs_on="here")
    other = Outcome(half="embedded", exit_code=1, counts={"passed": 4, "failed": 1}, elsewhere=5, runs_on="here")

    half = together([one, other])

    assert str(half) == "embedded: 7 passed, 1 skipped, 1 failed, 7 in the other half alone (here)"
    assert half.exit_code == 1


@pytest.mark.parametrize(
    ("codes", "exit_code"),
    [
        ((0, 0), 0),
        ((0, 1), 1),
        ((1, 130), 130),
        ((NOTHING_TO_RUN, 0), 0),
        ((NOTHING_TO_RUN, 1), 1),
        ((NOTHING_TO_RUN, NOTHING_TO_RUN), NOTHING_TO_RUN),
    ],
)
def test_a_half_ends_as_the_worst_of_its_parts_but_for_one_that_had_no_test(
    codes: tuple[int, int], exit_code: int
) -> None:
    parts = [Outcome(half="embedded", exit_code=code, counts={"passed": 1}) for code in codes]

    assert together(parts).exit_code == exit_code


def test_a_part_that_could_not_start_is_said() -> None:
    good = Outcome(half="embedded", exit_code=0, counts={"passed": 3})
    absent = Outcome(half="embedded", exit_code=1, failure="no binaries")

    half = together([good, absent])

    assert (str(half), half.is_good) == ("embedded: could not start (no binaries)", False)


EMBEDDED_IN_TWO = [Share(half="embedded", part="database"), Share(half="embedded", part="rest")]


@pytest.mark.parametrize(
    ("halves", "for_pytest", "cores", "started"),
    [
        (("embedded", "real"), [], 2, [*EMBEDDED_IN_TWO, Share(half="real")]),
        (("embedded", "real"), ["-x", "--durations=9"], 8, [*EMBEDDED_IN_TWO, Share(half="real")]),
        (("embedded",), [], 1, [Share(half="embedded")]),
        (("embedded",), [], 2, EMBEDDED_IN_TWO),
        (("real",), [], 8, [Share(half="real")]),
        (("embedded", "real"), [], 1, [Share(half="embedded"), Share(half="real")]),
        (("embedded", "real"), ["tests/routing", "-x"], 8, [Share(half="embedded"), Share(half="real")]),
        (("embedded",), ["-k", "weights"], 8, [Share(half="embedded")]),
    ],
)
def test_the_whole_embedded_half_runs_in_two_where_no_more_than_one_process_has_no_core(
    halves: Sequence[str], for_pytest: Sequence[str], cores: int, started: list[Share]
) -> None:
    assert shares(halves, for_pytest, cores) == started


def test_on_a_single_core_the_halves_run_one_after_the_other() -> None:
    both = [Share(half="embedded"), Share(half="real")]

    assert turns(both, 1) == [[both[0]], [both[1]]]
    assert turns(both, 2) == [both]


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (None, "real: starting"),
        (Progress(over=620, of=1250), "real: 620 of 1250 tests"),
        (Progress(over=2, of=9, failed=["a.py::b", "a.py::c"]), "real: 2 of 9 tests, 2 failed: a.py::c"),
    ],
)
def test_a_line_says_how_far_the_other_half_is(tmp_path: Path, told: Progress | None, says: str) -> None:
    file = tmp_path / "progress"
    if told is not None:
        told.tell(file)

    assert how_far("real", file) == says


def test_a_half_tells_how_far_it_is_and_what_failed(tmp_path: Path) -> None:
    file, tests = tmp_path / "progress", tmp_path / "test_two.py"
    tests.write_text("def test_good(): ...\ndef test_bad(): assert False\n")
    options = ["-q", "-p", "no:cacheprovider", "-c", "pyproject.toml", "--rootdir", str(tmp_path)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLEXUS_TEST_")}

    subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tests)],
        cwd=ROOT, env={**kept, "PLEXUS_TEST_PROGRESS": str(file)}, capture_output=True, check=False, timeout=300,
    )  # fmt: skip

    assert how_far("embedded", file) == "embedded: 2 of 2 tests, 1 failed: test_two.py::test_bad"


SWALLOWS = """
import os, signal

def test_takes_the_end_for_a_fault_of_its_own():
    try:
        os.kill(os.getpid(), signal.SIGTERM)
    except Exception:
        pass

def test_comes_after():
    raise AssertionError("the run went on")
"""


def test_a_run_that_is_terminated_ends_whatever_runs_at_that_moment(tmp_path: Path) -> None:
    (tmp_path / "test_swallows.py").write_text(SWALLOWS)
    options = ["-q", "-p", "no:cacheprovider", "-c", "pyproject.toml", "--rootdir", str(tmp_path)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLEXUS_TEST_")}

    done = subprocess.run(
        [sys.executable, "-m", "tests", *options, str(tmp_path)],
        cwd=ROOT, env=kept, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip

    assert "terminated" in done.stdout
    assert "the run went on" not in done.stdout
