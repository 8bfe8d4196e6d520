"""`manage.py write_api_reference`: docs/api-reference.md, from the description of the API."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from gateway.api.description import description
from gateway.api.reference import written


class Command(BaseCommand):
    help = "Writes docs/api-reference.md anew, from what the views of the REST API say of themselves."

    def handle(self, *args: Any, **options: Any) -> None:
        (Path(settings.BASE_DIR) / "docs" / "api-reference.md").write_text(written(description()))
        self.stdout.write("docs/api-reference.md is current.")
