"""`manage.py export_config`: the whole configuration as YAML, on standard output."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from gateway.interchange import plexus
from gateway.interchange.plexus import schema
from gateway.interchange.snapshot import current


class Command(BaseCommand):
    help = (
        "Writes the configuration to standard output, as YAML that import_config reads: always the same text for the same "
        "configuration, made to live in git. Never a key or credential."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--schema", action="store_true", help="write the JSON Schema of that YAML instead, for editors and checks"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(schema.text() if options["schema"] else plexus.write(current()), ending="")
