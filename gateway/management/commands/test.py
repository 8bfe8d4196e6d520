"""`manage.py test`: the whole suite with pytest, once on embedded defaults and once on real services.

What a half runs on is decided in tests/services.py, inside pytest; here both are started side by side, since each waits a
good deal of its time. The first is shown as it goes, then the second; what became of them is said in one last line.
"""

import argparse
import importlib.util
import json
import os
import shutil
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
STOPPED = 128
"""An exit code from here on: a signal ended the run, as a shell would say it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one half."""

    half: str
    exit_code: int
    counts: Mapping[str, int] = field(default_factory=dict)
    """pytest's words to numbers: {"passed": 312, "skipped": 1}."""
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
        self._stopped_by = 0
        environ = {**os.environ, "PLEXUS_TEST_SERVICES": half, "PLEXUS_TEST_REPORT": str(self._report)}
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
        options, for_pytest = parser.parse_known_args(argv[2:])
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
                outcomes = [self.outcome_of(run) for run in runs]
        seconds = time.monotonic() - started
        self.stdout.write("")
        self.stdout.write(" · ".join([*map(str, outcomes), f"{seconds:.0f} s"]))
        return next((outcome.exit_code or 1 for outcome in outcomes if not outcome.is_good), 0)

    def outcome_of(self, run: Run) -> Outcome:
        """Show what it writes until it has ended."""
        self.stdout.write(self.style.MIGRATE_HEADING(f"\n{run.half}"))
        with run.output.open("rb") as written:
            is_over = False
            while not is_over:
                is_over = run.is_over  # asked before the last look, so that nothing is missed
                shutil.copyfileobj(written, sys.stdout.buffer)
                sys.stdout.flush()
                time.sleep(0 if is_over else LOOK_SECONDS)
        return run.outcome
