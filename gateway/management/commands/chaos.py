"""`manage.py chaos`: kill every part of a throwaway Plexus under load, and see whether anything was lost."""

import asyncio
import json
import random
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gateway.management.commands.benchmark import termination_is_interrupt
from gateway.management.saying import say

OUTAGE_SECONDS = 60.0


class Command(BaseCommand):
    help = (
        "Starts PostgreSQL, Valkey or Redis, a gateway with two workers, a Celery worker and an upstream of its own, sends "
        "requests, kills everything at random with -9, and holds against each other what clients saw, what the upstream "
        "saw and what the database has. Exit code 0: nothing was lost, duplicated or miscounted. Touches only processes "
        "that it started, and none of your data."
    )
    requires_system_checks = []  # they look into the database of this Plexus, which is none of our business

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--short", action="store_true", help="100 kills, about two minutes; else ten")
        parser.add_argument(
            "--outage",
            action="store_true",
            help="instead: both servers dead for a minute, back, then frozen for a minute, back, at 100 requests a second",
        )
        parser.add_argument(
            "--seconds", type=float, metavar="N", help="kill for at most so long; with --outage, so long each time"
        )
        parser.add_argument(
            "--seed", type=int, help="what is asked for, and who dies when, are drawn from it (default: any)"
        )
        parser.add_argument("--json", dest="file", metavar="FILE", type=Path, help="write every figure to FILE")

    def handle(
        self,
        *args: Any,
        short: bool,
        outage: bool,
        seconds: float | None,
        seed: int | None,
        file: Path | None,
        **options: Any,
    ) -> None:
        check_machine()
        from benchmarks.failures import CannotMeasure

        chosen = random.randrange(1_000_000) if seed is None else seed
        with termination_is_interrupt():
            try:
                document = self.outage(seconds, chosen) if outage else self.kills(short, seconds, chosen)
            except CannotMeasure as exc:
                raise CommandError(str(exc)) from exc
        self.report(document, file)

    def kills(self, short: bool, seconds: float | None, seed: int) -> dict[str, Any]:  # Any: JSON
        from dataclasses import replace

        from benchmarks.chaos import kills, report

        plan = kills.SHORT if short else kills.FULL
        if seconds is not None:
            plan = replace(plan, most_seconds=seconds)
        return report.of_kills(asyncio.run(kills.run(plan, seed, self.say, self.keep)), seed)

    def outage(self, seconds: float | None, seed: int) -> dict[str, Any]:  # Any: JSON
        from benchmarks.chaos import outage, report

        each = OUTAGE_SECONDS if seconds is None else seconds
        return report.of_outage(asyncio.run(outage.run(each, seed, self.say, self.keep)), seed)

    def report(self, document: dict[str, Any], file: Path | None) -> None:
        """Print and write; exit 1 where something was found."""
        from benchmarks.chaos import report

        if file is not None:
            file.write_text(json.dumps(document, indent=2) + "\n")
        self.say("")
        for line in report.lines(document):
            self.say(line)
        if not document["is_clean"]:
            sys.exit(1)

    def keep(self, stage: Any) -> None:  # Any: `benchmarks` is not part of every installation
        """Logs, configuration and journals, for whoever looks for the cause."""
        folder = Path(tempfile.mkdtemp(prefix="plexus-chaos-kept-"))
        shutil.copytree(stage.folder, folder, dirs_exist_ok=True)
        self.say(f"Logs and journals are kept in {folder}.")

    def say(self, sentence: str) -> None:
        say(self.stdout, sentence)


def check_machine() -> None:
    """Raise CommandError where it cannot run."""
    if sys.platform != "linux":
        raise CommandError("It finds the processes that it kills in Linux's /proc. It runs on Linux only.")
    try:
        import benchmarks.chaos  # noqa: F401
    except ModuleNotFoundError as exc:
        raise CommandError(
            "The folder benchmarks/ is missing here, as it is in the container image. Run it from a clone of the repository."
        ) from exc
