"""The description of the API, made once in each process: it takes a second, and anybody may ask for it."""

import json
from functools import cache
from threading import Lock
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.validation import validate_schema

_making = Lock()


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """/api/v1/openapi.json"""
    with _making:
        return HttpResponse(text(), content_type="application/json")


@cache
def text() -> bytes:
    return bytes(OpenApiJsonRenderer().render(_made(), renderer_context={}))


def description() -> dict[str, Any]:  # Any: OpenAPI
    """As it is answered. Raises ValidationError where it is no OpenAPI."""
    found: dict[str, Any] = json.loads(text())
    validate_schema(found)  # type: ignore[no-untyped-call]  # the library's own
    return found


def _made() -> Any:  # Any: the library's own
    return SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # the library's own
