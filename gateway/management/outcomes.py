"""What became of a run of the tests: each half's counts in one line, and the exit code of all."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

NOTHING_TO_RUN = 5
"""pytest's exit code when no test was left to run."""
STOPPED = 128
"""An exit code from here on: a signal ended the run, as a shell would say it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one half, or of a part of it."""

    half: str
    exit_code: int
    counts: Mapping[str, int] = field(default_factory=dict)
    """pytest's words to numbers: {"passed": 312, "skipped": 1}."""
    elsewhere: int = 0
    """Tests that were left to the other half: see tests/halves.py."""
    runs_on: str = ""
    failure: str = ""
    """Why it could not start."""
    failed: Sequence[str] = ()
    """The tests that failed, or whose fixtures did, each once: their node ids."""
    is_cut_short: bool = False
    """Whether tests had no turn any more: `-x`, or somebody ended it."""
    unsteady: int = 0
    """Those of `failed` that passed alone: see second_chance.py."""

    @property
    def ran(self) -> bool:
        """Whether any test did more than being skipped."""
        return any(count for outcome, count in self.counts.items() if outcome != "skipped")

    @property
    def is_good(self) -> bool:
        return self.exit_code == 0 and self.ran

    @property
    def had_nothing_to_do(self) -> bool:
        """All that was asked for belongs to the other half."""
        return self.exit_code == NOTHING_TO_RUN and self.elsewhere > 0 and not any(self.counts.values())

    def __str__(self) -> str:
        if self.failure:
            return f"{self.half}: could not start ({self.failure})"
        if self.exit_code >= STOPPED:
            return f"{self.half}: stopped"
        said = ", ".join(f"{count} {_plural(outcome, count)}" for outcome, count in self.counts.items() if count)
        if not self.ran:
            said = f"no test ran{', ' if said else ''}{said}"
        elif self.exit_code and not (self.counts.get("failed") or self.counts.get("error")):
            said += f", pytest ended with {self.exit_code}"
        if self.unsteady:
            said += f", of which {self.unsteady} passed alone"
        if self.elsewhere:
            said += f", {self.elsewhere} in the other half alone"
        return f"{self.half}: {said}" + (f" ({self.runs_on})" if self.runs_on else "")


def _plural(outcome: str, count: int) -> str:
    """Of pytest's words, "error" alone is a noun."""
    return "errors" if outcome == "error" and count != 1 else outcome


def together(parts: Sequence[Outcome]) -> Outcome:
    """What became of a half that ran in parts: their counts summed, and the worst that befell one of them.

    A part without a test is none the worse for it where another had some (`--last-failed`).
    """
    counts: Counter[str] = Counter()
    for part in parts:
        counts.update(part.counts)
    codes = [part.exit_code for part in parts]
    bad = [code for code in codes if code not in (0, NOTHING_TO_RUN)]
    return Outcome(
        half=parts[0].half,
        exit_code=max(bad) if bad else min(codes),
        counts=counts,
        elsewhere=sum(part.elsewhere for part in parts),
        runs_on=next((part.runs_on for part in parts if part.runs_on), ""),
        failure="; ".join(part.failure for part in parts if part.failure),
        failed=[test for part in parts for test in part.failed],
        is_cut_short=any(part.is_cut_short for part in parts),
    )


def exit_code_of(outcomes: Sequence[Outcome]) -> int:
    """0 if every half is good; one that had nothing to do is excused by one that is."""
    bad = [outcome for outcome in outcomes if not outcome.is_good]
    if len(bad) < len(outcomes) and all(outcome.had_nothing_to_do for outcome in bad):
        return 0
    return bad[0].exit_code or 1
