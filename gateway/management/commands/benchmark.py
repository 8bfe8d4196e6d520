"""`manage.py benchmark`: what Plexus costs, beside a bare proxy and other gateways, in one run."""

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from gateway.management.saying import say

NO_VERDICT = 3
"""The exit code when the figures support none. 0 is a verdict, whether goals are reached or missed."""


class Command(BaseCommand):
    help = (
        "Measures CPU per request and per chunk, latency and memory per stream of Plexus, of a raw pass-through and of "
        "nginx, and of LiteLLM and Portkey where they are installed. Nothing but loopback is called."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--quick",
            action="store_true",
            help="about half a minute, without LiteLLM, Portkey and memory; else ten minutes",
        )
        parser.add_argument(
            "--install-rivals",
            action="store_true",
            help="first install LiteLLM and Portkey, pinned, into PLEXUS_DATA_DIR/benchmarks",
        )
        parser.add_argument("--json", dest="file", metavar="FILE", type=Path, help="write every figure to FILE")

    def handle(self, *args: Any, quick: bool, install_rivals: bool, file: Path | None, **options: Any) -> None:
        check_machine()
        from benchmarks import rivals, run
        from benchmarks.failures import CannotMeasure
        from benchmarks.machine import machine

        folder = Path(settings.DATA_DIR) / "benchmarks"
        plan = run.QUICK if quick else run.FULL
        with termination_is_interrupt():
            if install_rivals:
                rivals.install(folder, self.say)
            found = machine()
            try:
                outcome = run.run(plan, folder, self.say)
            except CannotMeasure as exc:
                raise CommandError(str(exc)) from exc
        self.report(plan, outcome, found, file)

    def report(self, plan: Any, outcome: Any, machine: Any, file: Path | None) -> None:
        """Print and write. Any: `benchmarks` is not part of every installation, so its names are not known up here."""
        from benchmarks import report

        now = datetime.now(UTC)
        document = report.document(plan, outcome, machine, now)
        if file is not None:
            file.write_text(json.dumps(document, indent=2) + "\n")
        self.say("")
        for line in report.lines(plan, outcome, machine, now):
            self.say(line)
        if not document["has_verdict"]:
            sys.exit(NO_VERDICT)

    def say(self, sentence: str) -> None:
        say(self.stdout, sentence)


def check_machine() -> None:
    """Raise CommandError where nothing can be measured."""
    if sys.platform != "linux":
        raise CommandError("The benchmark reads Linux's /proc and uses epoll. It runs on Linux only.")
    try:
        import benchmarks  # noqa: F401
    except ModuleNotFoundError as exc:
        raise CommandError(
            "The folder benchmarks/ is missing here, as it is in the container image. Run it from a clone of the repository."
        ) from exc


@contextmanager
def termination_is_interrupt() -> Iterator[None]:
    """Within the block SIGTERM and a closed terminal end things as Ctrl-C does: with everything put away."""

    def interrupt(signum: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
