"""A second chance for a few tests that failed beside all the others: each runs once more, alone.

Of thousands one may fall because the machine was busy for a second, and all work be refused for it. One that passes alone is
unsteady: it is named in the last lines, and does not fail the run. Where many fell, or a run ended otherwise than by its tests,
that was no chance, and nothing is tried again.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from gateway.management.outcomes import NOTHING_TO_RUN, Outcome

MOST = 3
"""More failed tests than these, in both halves together, are a fault and not a mishap."""
TESTS_FAILED = 1
"""pytest's exit code for that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondChance:
    """One failed test, and the half in which it failed: it runs on the same once more."""

    half: str
    test: str
    """pytest's node id: “tests/routing/test_plan.py::test_…”."""


def second_chances(halves: Sequence[Outcome]) -> list[SecondChance]:
    """What to run once more, of halves that were asked for the whole suite."""
    if not all(_ran_to_its_end(half) for half in halves):
        return []
    chances = [SecondChance(half=half.half, test=test) for half in halves for test in half.failed]
    return chances if len(chances) <= MOST else []


def _ran_to_its_end(half: Outcome) -> bool:
    """Whether nothing but tests failed, and all of them had their turn."""
    return not half.failure and not half.is_cut_short and half.exit_code in (0, TESTS_FAILED, NOTHING_TO_RUN)


def after(half: Outcome, passed: Collection[SecondChance]) -> Outcome:
    """What became of a half, once these have passed alone: it is good if they are all that had failed."""
    unsteady = sum(SecondChance(half=half.half, test=test) in passed for test in half.failed)
    is_excused = 0 < unsteady == len(half.failed)
    return replace(half, unsteady=unsteady, exit_code=0 if is_excused else half.exit_code)


def said_of(passed: Sequence[SecondChance]) -> str:
    """The last line, for whoever has to mend them."""
    tests = list(dict.fromkeys(chance.test for chance in passed))
    number = "1 test" if len(tests) == 1 else f"{len(tests)} tests"
    rest = (
        "its first failure is shown above; mend it"
        if len(tests) == 1
        else "their first failures are shown above; mend them"
    )
    return f"unsteady: {number} failed beside the others and passed alone: {', '.join(tests)}; {rest}"
