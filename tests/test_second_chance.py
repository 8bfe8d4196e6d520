"""A few tests that failed beside all the others run once more, alone; who passes then is named and excused."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.management.outcomes import NOTHING_TO_RUN, Outcome, exit_code_of, together
from gateway.management.second_chance import SecondChance, after, said_of, second_chances

ROOT = Path(__file__).parents[1]
GOOD = Outcome(half="real", exit_code=0, counts={"passed": 9})
ONE = SecondChance(half="embedded", test="tests/a.py::one")
TWO = SecondChance(half="embedded", test="tests/a.py::two")


def fallen(*tests: str, half: str = "embedded", **changes: object) -> Outcome:
    """A half in which these failed."""
    usual = Outcome(half=half, exit_code=1, counts={"passed": 9, "failed": len(tests)}, failed=tests)
    return replace(usual, **changes)  # type: ignore[arg-type]  # any field


def test_three_failed_tests_have_a_second_chance_each_in_its_half() -> None:
    assert second_chances([fallen("a", "b"), fallen("b", half="real")]) == [
        SecondChance(half="embedded", test="a"),
        SecondChance(half="embedded", test="b"),
        SecondChance(half="real", test="b"),
    ]


@pytest.mark.parametrize(
    "halves",
    [
        [fallen("a", "b", "c", "d"), GOOD],
        [fallen("a", "b"), fallen("c", "d", half="real")],
        [fallen("a"), Outcome(half="real", exit_code=1, failure="no binaries")],
        [fallen("a"), replace(GOOD, exit_code=130)],
        [fallen("a", exit_code=2), GOOD],
        [fallen("a", is_cut_short=True), GOOD],
        [GOOD],
    ],
    ids=["four", "four in both", "no start", "stopped", "a fault outside tests", "cut short", "all good"],
)
def test_nothing_runs_once_more_where_many_failed_or_more_than_tests_did(halves: list[Outcome]) -> None:
    assert second_chances(halves) == []


def test_a_half_that_had_nothing_to_do_takes_no_chance_from_the_other() -> None:
    idle = Outcome(half="real", exit_code=NOTHING_TO_RUN, elsewhere=7)

    assert second_chances([fallen("a"), idle]) == [SecondChance(half="embedded", test="a")]


def test_the_parts_of_a_half_share_its_chances() -> None:
    parts = [fallen("a", "b"), fallen("c", "d")]

    assert second_chances([together(parts), GOOD]) == []


def test_one_of_whose_parts_was_cut_short_has_none() -> None:
    assert second_chances([together([fallen("a"), fallen("b", is_cut_short=True)])]) == []


@pytest.mark.parametrize(
    ("passed", "exit_code", "says"),
    [
        ([ONE, TWO], 0, "embedded: 9 passed, 2 failed, of which 2 passed alone"),
        ([ONE], 1, "embedded: 9 passed, 2 failed, of which 1 passed alone"),
        ([], 1, "embedded: 9 passed, 2 failed"),
        ([replace(ONE, half="real"), replace(TWO, half="real")], 1, "embedded: 9 passed, 2 failed"),
    ],
)
def test_a_half_is_good_if_all_that_failed_passed_alone(passed: list[SecondChance], exit_code: int, says: str) -> None:
    half = after(fallen(ONE.test, TWO.test), passed)

    assert (str(half), exit_code_of([half, GOOD])) == (says, exit_code)


def test_a_good_half_stays_as_it_is() -> None:
    assert after(GOOD, [ONE]) == GOOD


@pytest.mark.parametrize(
    ("passed", "says"),
    [
        ([ONE], "1 test failed beside the others and passed alone: tests/a.py::one; its first failure is shown above; mend it"),
        ([ONE, TWO, replace(ONE, half="real")], "2 tests failed beside the others and passed alone: tests/a.py::one, tests/a.py::two; their first failures are shown above; mend them"),
    ],
)  # fmt: skip
def test_the_last_line_names_what_is_unsteady(passed: Sequence[SecondChance], says: str) -> None:
    assert said_of(passed) == f"unsteady: {says}"


def whole_suite(marks: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """`manage.py test`, as for the whole suite, in a world where tests/management/falls_once.py is all there is of it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLEXUS_TEST_")}
    only_that = "-o testpaths=tests/management -o python_files=falls_once.py -p no:cacheprovider"
    return subprocess.run(
        [sys.executable, "manage.py", "test", "--only", "embedded", *options],
        cwd=ROOT, env={**kept, "PYTEST_ADDOPTS": only_that, "MARKS": str(marks)},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


def test_a_run_of_the_whole_suite_ends_well_if_all_that_failed_pass_alone(tmp_path: Path) -> None:
    done = whole_suite(tmp_path)

    *_, counts, last = done.stdout.splitlines()
    assert counts.startswith("embedded: 2 passed, 2 failed, 1 error, of which 3 passed alone (SQLite"), done.stdout
    assert last.startswith("unsteady: 3 tests failed beside the others and passed alone: ")
    assert last.count("tests/management/falls_once.py::test_") == 3
    assert done.returncode == 0


def test_a_strict_one_does_not_and_runs_nothing_twice(tmp_path: Path) -> None:
    done = whole_suite(tmp_path, "--strict")

    assert "Once more" not in done.stdout
    assert "unsteady:" not in done.stdout
    assert done.returncode == 1
