"""`manage.py test`: the whole suite with pytest, once on embedded defaults and once on real services.

What a half runs on is decided in tests/services.py, inside pytest; here the halves are started, one after the
other, and what became of them is said in one last line.
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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand

HALVES = ("embedded", "real")
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
        outcomes = []
        for half in [only] if only else HALVES:
            outcomes.append(self.run_half(half, for_pytest))
            if outcomes[-1].exit_code >= STOPPED:
                break
        seconds = time.monotonic() - started
        self.stdout.write("")
        self.stdout.write(" · ".join([*map(str, outcomes), f"{seconds:.0f} s"]))
        return next((outcome.exit_code or 1 for outcome in outcomes if not outcome.is_good), 0)

    def run_half(self, half: str, for_pytest: Sequence[str]) -> Outcome:
        """One pytest process. It writes straight to our terminal, and leaves us its counts in a file."""
        self.stdout.write(self.style.MIGRATE_HEADING(f"\n{half}"))
        self.stdout.flush()
        with tempfile.TemporaryDirectory(prefix="plexus-test-") as folder:
            report = Path(folder) / "report.json"
            exit_code = _wait_for(
                subprocess.Popen(
                    [sys.executable, "-m", "tests", *for_pytest],
                    cwd=settings.BASE_DIR,
                    env={**os.environ, "PLEXUS_TEST_SERVICES": half, "PLEXUS_TEST_REPORT": str(report)},
                )
            )
            facts = json.loads(report.read_text()) if report.exists() else {}
        if not facts and exit_code < STOPPED:
            facts = {"failure": f"pytest ended with {exit_code} before any test"}
        return Outcome(half=half, exit_code=exit_code, **facts)


def _wait_for(pytest: subprocess.Popen[bytes]) -> int:
    """Its exit code, 128 and more where a signal ended it. It ends by itself and takes its servers along: we wait."""
    stopped_by = 0

    def pass_on(signum: int, frame: object) -> None:
        nonlocal stopped_by
        stopped_by = signum
        # The terminal sends Ctrl-C to pytest as well as to us.
        if signum != signal.SIGINT:
            pytest.send_signal(signum)

    before = {signum: signal.signal(signum, pass_on) for signum in (signal.SIGINT, signal.SIGTERM)}
    try:
        exit_code = pytest.wait()
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
    if stopped_by:
        return STOPPED + stopped_by
    return exit_code if exit_code >= 0 else STOPPED - exit_code
