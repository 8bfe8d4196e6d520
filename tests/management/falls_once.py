"""Tests that fail the first time they run in a folder, and pass from then on: see tests/test_second_chance.py."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


def is_the_first_time(name: str) -> bool:
    """Whether nobody has asked this before, of the folder that MARKS names."""
    mark = Path(os.environ["MARKS"], name)
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


@pytest.fixture
def weak() -> Iterator[None]:
    yield
    assert not is_the_first_time("weak")


def test_good() -> None:
    pass


@pytest.mark.parametrize("word", ["a b::c[d]", "é"])
def test_falls_once(word: str) -> None:
    assert not is_the_first_time(str(len(word)))


def test_its_fixture_falls_once(weak: None) -> None:
    pass
