"""`manage.py endurance`: cancelled calls, clients that leave and restarts, many of them, and what is left afterwards."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gateway.management.commands.benchmark import check_machine, termination_is_interrupt
from gateway.management.saying import say

NOT_PASSED = 3
"""The exit code when something was left, lost, cut or refused. 1: it could not be tried."""


class Command(BaseCommand):
    help = "Tries what months of service do to a gateway, on processes of its own. Nothing but loopback is called."

    def add_arguments(self, parser: CommandParser) -> None:
        kinds = parser.add_subparsers(dest="kind", required=True, metavar="cancels|disconnects|restarts")
        cancels = kinds.add_parser("cancels", help="upstream calls, cancelled at random moments")
        cancels.add_argument("--cancels", type=int, default=25_000, help="default: %(default)s")
        disconnects = kinds.add_parser("disconnects", help="requests of which many are left by their client")
        disconnects.add_argument("--requests", type=int, default=200_000, help="default: %(default)s")
        disconnects.add_argument("--leave", type=float, default=20.0, metavar="PERCENT", help="default: %(default)s")
        restarts = kinds.add_parser("restarts", help="serve --take-over, under streams and whole requests")
        restarts.add_argument("--restarts", type=int, default=20, help="default: %(default)s")
        for kind in (cancels, disconnects):
            kind.add_argument("--seed", type=int, default=1, help="of all chance (default: %(default)s)")
        for kind in (cancels, disconnects, restarts):
            kind.add_argument("--json", dest="file", metavar="FILE", type=Path, help="write every figure to FILE")

    def handle(self, *args: Any, kind: str, file: Path | None = None, **options: Any) -> None:
        check_machine()
        from benchmarks.failures import CannotMeasure

        try:
            with termination_is_interrupt():
                outcome = getattr(self, kind)(**options)
        except CannotMeasure as exc:
            raise CommandError(str(exc)) from exc
        if file is not None:
            file.write_text(json.dumps(outcome.document(), indent=2) + "\n")
        for line in outcome.lines():
            self.say(line)
        for objection in outcome.objections:
            self.say(f"  {objection}")
        self.say("Verdict: not passed; see above." if outcome.objections else "Verdict: passed.")
        if outcome.objections:
            sys.exit(NOT_PASSED)

    # Any: `benchmarks` is not part of every installation, so its names are not known up here.

    def cancels(self, *, cancels: int, seed: int, **options: Any) -> Any:
        from uvloop import new_event_loop  # the one that serves

        from benchmarks.endurance import cancels as trial

        return trial.run(cancels, seed, new_event_loop)

    def disconnects(self, *, requests: int, leave: float, seed: int, **options: Any) -> Any:
        from benchmarks.endurance import disconnects as trial

        return trial.run(requests, leave, seed, self.say)

    def restarts(self, *, restarts: int, **options: Any) -> Any:
        from benchmarks.endurance import restarts as trial

        return trial.run(restarts, self.say)

    def say(self, sentence: str) -> None:
        say(self.stdout, sentence)
