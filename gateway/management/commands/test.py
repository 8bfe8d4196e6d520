"""`manage.py test`: the whole suite with pytest, once on embedded defaults and once on real services.

What a half runs on is decided in tests/services.py, and what it runs in tests/halves.py, inside pytest; here both are started
side by side, since each waits a good deal of its time. The first is shown as it goes, with a line now and then of how far the
second is, then the second; what became of them is said in one last line.
"""

import argparse
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand

HALVES = ("embedded", "real")
LOOK_SECONDS = 0.2
PROGRESS_SECONDS = 20.0
"""So often, while one half is shown, a line says how far the other is."""
NOTHING_TO_RUN = 5
"""pytest's exit code when no test was left to run."""
STOPPED = 128
"""An exit code from here on: a signal ended the run, as a shell would say it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one half."""

    half: str
    exit_code: int
    counts: Mapping[str, int] = field(default_factory=dict)
    """pytest's words to numbers: {"passed": 312, "skipped": 1}."""
    elsewhere: int = 0
    """Tests that were left to the other half: see tests/halves.py."""
    runs_on: str = ""
    failure: str = ""
    """Why it could not start."""

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
        if self.elsewhere:
            said += f", {self.elsewhere} in the other half alone"
        return f"{self.half}: {said}" + (f" ({self.runs_on})" if self.runs_on else "")


def _plural(outcome: str, count: int) -> str:
    """Of pytest's words, "error" alone is a noun."""
    return "errors" if outcome == "error" and count != 1 else outcome


class Run:
    """One half on its way: a pytest process that writes to a file, and leaves us its counts in another."""

    def __init__(self, half: str, for_pytest: Sequence[str], folder: Path) -> None:
        self.half = half
        self.output = folder / f"{half}.txt"
        self._report = folder / f"{half}.json"
        self.progress = folder / f"{half}.progress"
        self._stopped_by = 0
        environ = {
            **os.environ,
            "PLEXUS_TEST_SERVICES": half,
            "PLEXUS_TEST_REPORT": str(self._report),
            "PLEXUS_TEST_PROGRESS": str(self.progress),
        }
        environ.pop("DJANGO_SETTINGS_MODULE", None)  # ours: pytest's are in pyproject.toml
        colour = ["--color=yes"] if sys.stdout.isatty() else []
        with self.output.open("wb") as output:
            self._pytest = subprocess.Popen(
                [sys.executable, "-m", "tests", *colour, *for_pytest],
                cwd=settings.BASE_DIR,
                env=environ,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def is_over(self) -> bool:
        return self._pytest.poll() is not None

    def stop(self, signum: int) -> None:
        """It ends by itself and takes its servers along."""
        self._stopped_by = signum
        # The terminal sends Ctrl-C to pytest as well as to us.
        if signum != signal.SIGINT and not self.is_over:
            self._pytest.send_signal(signum)

    @property
    def outcome(self) -> Outcome:
        """What became of it, once it is over. The exit code is 128 and more where a signal ended it."""
        exit_code = self._pytest.wait()
        exit_code = exit_code if exit_code >= 0 else STOPPED - exit_code
        if self._stopped_by:
            exit_code = STOPPED + self._stopped_by
        facts = json.loads(self._report.read_text()) if self._report.exists() else {}
        if not facts and exit_code < STOPPED:
            facts = {"failure": f"pytest ended with {exit_code} before any test"}
        return Outcome(half=self.half, exit_code=exit_code, **facts)


@contextmanager
def stopping(runs: Sequence[Run]) -> Iterator[None]:
    """Hand signals on to the halves, and wait for them."""

    def pass_on(signum: int, frame: object) -> None:
        for run in runs:
            run.stop(signum)

    before = {signum: signal.signal(signum, pass_on) for signum in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


class Command(BaseCommand):
    help = "Runs the test suite with pytest, on embedded defaults and on real PostgreSQL, Valkey and Celery."

    def run_from_argv(self, argv: list[str]) -> NoReturn:
        """Everything but `--only` is pytest's: Django's own options (`-v`, `--settings`) would be in its way."""
        parser = argparse.ArgumentParser(
            prog="manage.py test", description=self.help, allow_abbrev=False,
            epilog="Whatever else stands here goes to pytest: manage.py test --only embedded tests/routing -x -k weights",
        )  # fmt: skip
        parser.add_argument("--only", choices=HALVES, help="run one half only")
        parser.add_argument(
            "--everything",
            action="store_true",
            help="run every test in every half: also what would only do the same again",
        )
        options, for_pytest = parser.parse_known_args(argv[2:])
        if options.everything:
            os.environ["PLEXUS_TEST_EVERYTHING"] = "1"
        sys.exit(self.handle(only=options.only, for_pytest=for_pytest))

    def handle(self, *args: Any, only: str | None = None, for_pytest: Sequence[str] = (), **options: Any) -> int:  # type: ignore[override]  # an exit code, not text to print
        """Run the halves and say what ran; return the exit code."""
        if importlib.util.find_spec("pytest") is None:
            self.stderr.write(f"pytest is not installed here. {sys.executable} -m pip install -e '.[dev]' brings it.")
            return 1
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="plexus-test-") as folder:
            runs = [Run(half, for_pytest, Path(folder)) for half in ([only] if only else HALVES)]
            with stopping(runs):
                outcomes = [self.outcome_of(run, beside=runs[place + 1 :]) for place, run in enumerate(runs)]
        seconds = time.monotonic() - started
        self.stdout.write("")
        self.stdout.write(" · ".join([*map(str, outcomes), f"{seconds:.0f} s"]))
        return exit_code_of(outcomes)

    def outcome_of(self, run: Run, beside: Sequence[Run]) -> Outcome:
        """Show what it writes until it has ended, and now and then how far the runs beside it are."""
        self.stdout.write(self.style.MIGRATE_HEADING(f"\n{run.half}"))
        due = time.monotonic() + PROGRESS_SECONDS
        with run.output.open("rb") as written:
            is_over = False
            while not is_over:
                is_over = run.is_over  # asked before the last look, so that nothing is missed
                lines, rest = _whole_lines(written.read())
                if lines and time.monotonic() >= due:
                    due = time.monotonic() + PROGRESS_SECONDS
                    lines += b"".join(f"  [{how_far(other.half, other.progress)}]\n".encode() for other in beside)
                sys.stdout.buffer.write(lines + rest)
                sys.stdout.flush()
                time.sleep(0 if is_over else LOOK_SECONDS)
        return run.outcome


def _whole_lines(text: bytes) -> tuple[bytes, bytes]:
    """What ends with a line's end, and what comes after the last one."""
    end = text.rfind(b"\n") + 1
    return text[:end], text[end:]


def how_far(half: str, file: Path) -> str:
    """What tests/progress.py has told: "real: 620 of 1250 tests, 1 failed: tests/test_x.py::test_y", the latest that failed."""
    if not file.exists():
        return f"{half}: starting"
    told = json.loads(file.read_text())
    failed = f", {len(told['failed'])} failed: {told['failed'][-1]}" if told["failed"] else ""
    return f"{half}: {told['over']} of {told['of']} tests{failed}"


def exit_code_of(outcomes: Sequence[Outcome]) -> int:
    """0 if every half is good; one that had nothing to do is excused by one that is."""
    bad = [outcome for outcome in outcomes if not outcome.is_good]
    if len(bad) < len(outcomes) and all(outcome.had_nothing_to_do for outcome in bad):
        return 0
    return bad[0].exit_code or 1
