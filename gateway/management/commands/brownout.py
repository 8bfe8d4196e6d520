"""`manage.py brownout`: let one of three upstreams fall ill under load, and see whether clients notice."""

import asyncio
import json
import random
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gateway.management.commands.benchmark import check_machine, termination_is_interrupt
from gateway.management.saying import say

FULL_SECONDS = 300.0
SHORT_SECONDS = 60.0
LEAST_SECONDS = 58.0
LEAST_TOTAL_SECONDS = 90.0
"""Who was well a moment ago is not given up for dead at once: until then the last one is asked all the same."""
TOTAL = "total"
SICKNESSES = ("stalls", "late", "half", "dead", "cuts")
"""As benchmarks.brownout.sickness has them; `benchmarks` is not part of every installation."""


class Command(BaseCommand):
    help = (
        "Starts three upstreams and a gateway of its own, sends 80 requests a second, and lets one upstream fall ill and get "
        "well again. Exit code 0: clients did not notice, the sick one was left alone, and it was taken back. Touches "
        "only processes that it started, and none of your data."
    )
    requires_system_checks = []  # they look into the database of this Plexus, which is none of our business

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--mode",
            action="append",
            choices=SICKNESSES,
            help="what is the matter with it; may be given several times (default: each in turn)",
        )
        parser.add_argument("--total", action="store_true", help="instead: all three are dead")
        parser.add_argument("--short", action="store_true", help="a minute for each mode; else five")
        parser.add_argument("--seconds", type=float, metavar="N", help=f"for each mode, at least {LEAST_SECONDS:g}")
        parser.add_argument("--seed", type=int, help="what is asked for is drawn from it (default: any)")
        parser.add_argument("--json", dest="file", metavar="FILE", type=Path, help="write every figure to FILE")

    def handle(
        self,
        *args: Any,
        mode: list[str] | None,
        total: bool,
        short: bool,
        seconds: float | None,
        seed: int | None,
        file: Path | None,
        **options: Any,
    ) -> None:
        check_machine()
        from benchmarks.failures import CannotMeasure

        least = LEAST_TOTAL_SECONDS if total else LEAST_SECONDS
        each = seconds or (max(SHORT_SECONDS, least) if short else FULL_SECONDS)
        if each < least:
            raise CommandError(f"It takes at least {least:g} s: the recovery alone may take 30.")
        chosen = random.randrange(1_000_000) if seed is None else seed
        modes = [TOTAL] if total else mode or list(SICKNESSES)
        with termination_is_interrupt():
            try:
                told = asyncio.run(self.tried(modes, each, chosen))
            except CannotMeasure as exc:
                raise CommandError(str(exc)) from exc
        self.report(told, file)

    async def tried(self, modes: list[str], seconds: float, seed: int) -> dict[str, Any]:  # Any: JSON
        from benchmarks.brownout import judge, report, run, stage
        from benchmarks.brownout.sickness import Sickness

        found: dict[str, Any] = {}  # Any: `benchmarks` is not part of every installation
        times = {}
        async with stage.set_up(seed) as built:
            self.say(f"{run.PER_SECOND:g} requests a second at three upstreams (seed {seed}).")
            for mode in modes:
                is_total = mode == TOTAL
                sickness = Sickness.DEAD if is_total else Sickness(mode)
                sick = stage.NAMES if is_total else (stage.SICK,)
                evidence = await run.run(built, sickness, sick, run.Schedule.of(seconds), seed, self.say)
                found[mode] = judge.total_figures(evidence) if is_total else judge.figures(evidence)
                times[mode] = evidence.times
        return report.document(found, times, seed)

    def report(self, told: dict[str, Any], file: Path | None) -> None:
        """Print and write; exit 1 where something does not hold."""
        from benchmarks.brownout import report

        if file is not None:
            file.write_text(json.dumps(told, indent=2) + "\n")
        self.say("")
        for line in report.lines(told):
            self.say(line)
        if not told["holds"]:
            sys.exit(1)

    def say(self, sentence: str) -> None:
        say(self.stdout, sentence)
