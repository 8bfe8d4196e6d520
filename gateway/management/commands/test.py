"""`manage.py test`: the whole suite with pytest, once on embedded defaults and once on real services.

What a half runs on is decided in tests/services.py, and what it runs in tests/halves.py, inside pytest; here both are started
side by side, the embedded one in two parts. The first is shown as it goes, with a line now and then of how far the others are,
then the next. A single core has them one after the other; what became of them is said in one last line. A few tests that failed then have a second chance.
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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand

from gateway.management.outcomes import STOPPED, Outcome, exit_code_of, together
from gateway.management.second_chance import SecondChance, after, said_of, second_chances

HALVES = ("embedded", "real")
PARTS = ("database", "rest")
LOOK_SECONDS = 0.2
PROGRESS_SECONDS = 20.0
"""So often, while one half is shown, a line says how far the other is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one pytest process runs: a half, or a part of it."""

    half: str
    part: str = ""
    """“database”: its tests that use one; “rest”: those that do not. Empty: all."""

    def __str__(self) -> str:
        return f"{self.half} ({self.part})" if self.part else self.half


def shares(halves: Sequence[str], for_pytest: Sequence[str], cores: int) -> list[Share]:
    """The processes to start. The embedded half has most tests: two run it, where the whole suite is asked for and cores allow it.

    Each waits a good deal of its time, so that one more than there are cores keeps these at work, and no more than that.
    """
    if not asks_for_all(for_pytest) or len(halves) > cores or cores == 1:
        return [Share(half=half) for half in halves]
    parts = {"embedded": PARTS}
    return [Share(half=half, part=part) for half in halves for part in parts.get(half, ("",))]


def cores() -> int:
    """Those that we may use: a container, or `taskset`, may give us fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def turns(shares: Sequence[Share], cores: int) -> list[Sequence[Share]]:
    """Which of them run side by side. On one core each has a turn of its own.

    Side by side they would take a sixth less there (171 s instead of 205 s for 500 tests in both halves), and each would meet the
    pauses that the other makes it: a test that fails by chance costs more than that.
    """
    return [shares] if cores > 1 else [[share] for share in shares]


def asks_for_all(for_pytest: Sequence[str]) -> bool:
    """Whether what pytest is told names no test, nor a folder of them."""
    return all(word.startswith("-") for word in for_pytest)


class Run:
    """A share on its way: a pytest process that writes to a file, and leaves us its counts in another."""

    def __init__(self, share: Share, for_pytest: Sequence[str], folder: Path) -> None:
        self.share = share
        self.output = folder / f"{share}.txt"
        self._report = folder / f"{share}.json"
        self.progress = folder / f"{share}.progress"
        self._stopped_by = 0
        environ = {
            **os.environ,
            "PLEXUS_TEST_SERVICES": share.half,
            "PLEXUS_TEST_PART": share.part,
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
        return Outcome(half=self.share.half, exit_code=exit_code, **facts)


@contextmanager
def stopping(runs: Sequence[Run]) -> Iterator[None]:
    """Hand signals on to the runs."""

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
        parser.add_argument(
            "--strict", action="store_true", help="fail at once: no second chance for a few tests that may pass alone"
        )
        options, for_pytest = parser.parse_known_args(argv[2:])
        if options.everything:
            os.environ["PLEXUS_TEST_EVERYTHING"] = "1"
        sys.exit(self.handle(only=options.only, strict=options.strict, for_pytest=for_pytest))

    def handle(  # type: ignore[override]  # an exit code, not text to print
        self, *args: Any, only: str | None = None, strict: bool = False, for_pytest: Sequence[str] = (), **options: Any
    ) -> int:
        """Run the halves and say what ran; return the exit code."""
        if importlib.util.find_spec("pytest") is None:
            self.stderr.write(f"pytest is not installed here. {sys.executable} -m pip install -e '.[dev]' brings it.")
            return 1
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="plexus-test-") as folder:
            outcomes = self.outcomes_of([only] if only else HALVES, for_pytest, Path(folder))
            chances = second_chances(outcomes) if asks_for_all(for_pytest) and not strict else []
            passed = self.passing_alone(chances, for_pytest, Path(folder))
        outcomes = [after(outcome, passed) for outcome in outcomes]
        seconds = time.monotonic() - started
        self.stdout.write("")
        self.stdout.write(" · ".join([*map(str, outcomes), f"{seconds:.0f} s"]))
        if passed:
            self.stdout.write(self.style.WARNING(said_of(passed)))
        return exit_code_of(outcomes)

    def outcomes_of(self, halves: Sequence[str], for_pytest: Sequence[str], folder: Path) -> list[Outcome]:
        """Run the halves and show them, one after the other. Those that were to come once somebody has ended one are missing."""
        shown: list[Outcome] = []
        for turn in turns(shares(halves, for_pytest, cores()), cores()):
            runs = [Run(share, for_pytest, folder) for share in turn]
            with stopping(runs):
                shown += [self.outcome_of(run, beside=runs[place + 1 :]) for place, run in enumerate(runs)]
            if any(outcome.exit_code >= STOPPED for outcome in shown):
                break
        parts = {half: [outcome for outcome in shown if outcome.half == half] for half in halves}
        return [together(of_half) for of_half in parts.values() if of_half]

    def passing_alone(
        self, chances: Sequence[SecondChance], for_pytest: Sequence[str], folder: Path
    ) -> list[SecondChance]:
        """Run each test once more, one after the other, and return those that passed."""
        passed: list[SecondChance] = []
        for chance in chances:
            self.stdout.write(f"\nOnce more, alone: {chance.test}")
            run = Run(Share(half=chance.half), [*for_pytest, chance.test], Path(tempfile.mkdtemp(dir=folder)))
            with stopping([run]):
                outcome = self.outcome_of(run, beside=[])
            if outcome.exit_code >= STOPPED:
                break
            if outcome.is_good:
                passed.append(chance)
        return passed

    def outcome_of(self, run: Run, beside: Sequence[Run]) -> Outcome:
        """Show what it writes until it has ended, and now and then how far the runs beside it are."""
        self.stdout.write(self.style.MIGRATE_HEADING(f"\n{run.share}"))
        due = time.monotonic() + PROGRESS_SECONDS
        with run.output.open("rb") as written:
            is_over = False
            while not is_over:
                is_over = run.is_over  # asked before the last look, so that nothing is missed
                lines, rest = _whole_lines(written.read())
                if lines and time.monotonic() >= due:
                    due = time.monotonic() + PROGRESS_SECONDS
                    lines += b"".join(f"  [{how_far(str(other.share), other.progress)}]\n".encode() for other in beside)
                sys.stdout.buffer.write(lines + rest)
                sys.stdout.flush()
                time.sleep(0 if is_over else LOOK_SECONDS)
        return run.outcome


def _whole_lines(text: bytes) -> tuple[bytes, bytes]:
    """What ends with a line's end, and what comes after the last one."""
    end = text.rfind(b"\n") + 1
    return text[:end], text[end:]


def how_far(share: str, file: Path) -> str:
    """What tests/progress.py has told: "real: 620 of 1250 tests, 1 failed: tests/test_x.py::test_y", the latest that failed."""
    if not file.exists():
        return f"{share}: starting"
    told = json.loads(file.read_text())
    failed = f", {len(told['failed'])} failed: {told['failed'][-1]}" if told["failed"] else ""
    return f"{share}: {told['over']} of {told['of']} tests{failed}"
