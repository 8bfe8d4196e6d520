"""`manage.py import_config`: change the configuration to what a file says, all or nothing.

Exit codes: 0 nothing to do, or done; 1 refused; 2 a dry run that found something to do.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gateway.audit.author import Door
from gateway.audit.recording import recording
from gateway.interchange import IMPORTERS, NATIVE
from gateway.interchange.difference import counted, lines, summary
from gateway.interchange.findings import Finding, Kind
from gateway.interchange.store.files import import_file
from gateway.interchange.yaml_nodes import LIMIT_BYTES
from gateway.management.author import author_of_command

SOMETHING_TO_DO = 2


class Command(BaseCommand):
    help = (
        "Creates and updates the providers, models and aliases that a YAML file names. Leaves the rest alone. "
        f"Reads {', '.join(importer.label for importer in IMPORTERS.values())}. All or nothing. "
        "Exit codes: 0 done, or nothing to do; 2 a dry run that would change something; 1 refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the file, or - for standard input")
        parser.add_argument("--format", choices=[*IMPORTERS], help="whose file it is; seen from its keys by default")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and exit with 2 if anything")
        parser.add_argument(
            "--prune",
            action="store_true",
            help="make the file the whole truth: delete what it does not name, set back what it does not say "
            "(never client keys, history or stored credentials)",
        )
        parser.add_argument(
            "--force",
            action="store_true",
            help="with --prune: also where that deletes everything, or more than half of what is configured",
        )
        parser.add_argument("--why", default="", metavar="TEXT", help="the reason, to be recorded with the change")

    def handle(self, *args: Any, **options: Any) -> None:
        text = text_of(options["file"])
        with recording(author_of_command(f"import_config {options['file']}", Door.FILE, note=options["why"])):
            importer, difference = import_file(
                text,
                format=options["format"] or "",
                prune=options["prune"],
                dry_run=options["dry_run"],
                environment=os.environ,
            )
            if difference.was_applied and difference.loss and not options["force"]:
                raise CommandError(  # which takes it back
                    f"{difference.loss} Nothing was changed. If that is meant, say --force; --dry-run shows every change."
                )
        if importer is not IMPORTERS[NATIVE]:
            self.stdout.write(f"Read as {importer.label}.")
        if difference.is_refused:
            self.refuse(difference.findings)
        for line in [*lines(difference.changes), *(f"{finding.kind}: {finding}" for finding in difference.findings)]:
            self.stdout.write(line)
        if difference.loss and not options["force"]:
            self.stdout.write(f"warning: {difference.loss} Without --force it will be refused.")
        self.stdout.write(summary(difference.changes, was_applied=difference.was_applied))
        if options["dry_run"] and difference.changes:
            sys.exit(SOMETHING_TO_DO)

    def refuse(self, findings: Sequence[Finding]) -> NoReturn:
        """Say every reason on standard error. Raises CommandError."""
        reasons = [finding for finding in findings if finding.kind is Kind.REFUSED]
        for reason in reasons:
            self.stderr.write(str(reason))
        raise CommandError(f"Refused for {counted(len(reasons), 'reason')}; nothing was changed.")


def text_of(file: str) -> str:
    """What the file, or standard input for "-", holds. Raises CommandError."""
    try:
        with nullcontext(sys.stdin.buffer) if file == "-" else Path(file).open("rb") as source:
            content = source.read(LIMIT_BYTES + 1)
        return content.decode("utf-8-sig")
    except OSError as exc:
        raise CommandError(f"{file} cannot be read: {exc.strerror}.") from exc
    except ValueError as exc:  # not UTF-8, or a NUL in the name of the file
        raise CommandError(f"{file} cannot be read as UTF-8 text.") from exc
