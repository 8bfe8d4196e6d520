"""`manage.py export_config`: the whole configuration as YAML, on standard output."""

from typing import Any

from django.core.management.base import BaseCommand

from gateway.interchange import plexus
from gateway.interchange.snapshot import current


class Command(BaseCommand):
    help = "Writes the configuration to standard output, as YAML that import_config reads. Never a key or credential."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(plexus.write(current()), ending="")
