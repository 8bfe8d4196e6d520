"""Lists in pages that stay where they are while rows come and go: each page says where the next one begins."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from gateway.api.pointers import Wrong
from gateway.api.problems import Refused

MOST_ROWS = 500
USUAL_ROWS = 100
LIMIT = {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": USUAL_ROWS}
"""In the description of the API."""


class Pages(CursorPagination):
    """`?cursor=` as `next` and `previous` give it, `?limit=` rows."""

    page_size = USUAL_ROWS
    page_size_query_param = "limit"
    page_size_query_description = f"Rows of a page, at most {MOST_ROWS}."
    max_page_size = MOST_ROWS
    cursor_query_description = "Where the page begins, as `next` and `previous` say it."

    def get_ordering(self, request: Request, queryset: "QuerySet[Any]", view: Any) -> tuple[str, ...]:  # Any: DRF's own
        return (view.ordering,)

    def get_page_size(self, request: Request) -> int:
        """Raises Refused."""
        said = request.query_params.get(self.page_size_query_param, str(self.page_size))
        if not (said.isascii() and said.isdecimal() and len(said) < 5 and 1 <= int(said) <= MOST_ROWS):
            message = f"Write a whole number from 1 to {MOST_ROWS}."
            raise Refused([Wrong(pointer="?limit", message=message, code="invalid")])
        return int(said)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:  # Any: OpenAPI
        described: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        return [{**one, "schema": LIMIT} if one["name"] == "limit" else one for one in described]

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:  # Any: DRF's own
        """Raises NotFound for a cursor that no page gave."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValueError, ValidationError, OverflowError) as exc:
            raise NotFound("This cursor leads nowhere. Begin without one.") from exc
