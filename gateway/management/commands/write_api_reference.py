"""`manage.py write_api_reference`: docs/api-reference.md, from the description of the API."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from drf_spectacular.generators import SchemaGenerator

from gateway.api.reference import written


class Command(BaseCommand):
    help = "Writes docs/api-reference.md anew, from what the views of the REST API say of themselves."

    def handle(self, *args: Any, **options: Any) -> None:
        (Path(settings.BASE_DIR) / "docs" / "api-reference.md").write_text(written(description()))
        self.stdout.write("docs/api-reference.md is current.")


def description() -> dict[str, Any]:  # Any: OpenAPI
    """As /api/v1/openapi.json says it."""
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # the library's own
    return found
