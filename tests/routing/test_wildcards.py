"""Names with `*` in them."""

import fnmatch
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.wildcards import captured, longest_first, matches


@pytest.mark.parametrize(
    ("pattern", "name", "part"),
    [
        ("gpt-*", "gpt-4o", "4o"),
        ("gpt-*", "gpt-", ""),
        ("gpt-*", "gpt", None),
        ("gpt-*", "my-gpt-4o", None),
        ("*-latest", "claude-latest", "claude"),
        ("a*a", "a", None),
        ("a*a", "aa", ""),
        ("claude-*-latest", "claude-sonnet-latest", "sonnet"),
        ("*", "anything/at:all", "anything/at:all"),
        ("gpt-*", "GPT-4o", None),
        (".*", "gpt-4o", None),
    ],
)
def test_the_star_stands_for_what_is_between(pattern: str, name: str, part: str | None) -> None:
    assert captured(pattern, name) == part


@given(st.text("ab*", max_size=8), st.text("ab", max_size=10))
def test_any_number_of_stars_match_as_a_shell_would(pattern: str, name: str) -> None:
    assert matches(pattern, name) == bool(re.fullmatch(fnmatch.translate(pattern), name))


def test_other_characters_of_a_pattern_mean_themselves() -> None:
    assert matches("[a](b)+?.*", "[a](b)+?.x")
    assert not matches("[ab]*", "a")


def test_a_pattern_meant_to_be_slow_is_not() -> None:
    began = time.process_time()

    assert not matches("a*" * 60 + "b", "a" * 128)

    assert time.process_time() - began < 0.05


def test_the_longest_pattern_is_looked_at_first() -> None:
    assert longest_first(["*", "gpt-*", "gpt-4*", "abc-*"]) == ["gpt-4*", "abc-*", "gpt-*", "*"]
