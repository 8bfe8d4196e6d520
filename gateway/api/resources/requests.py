"""The history of requests: read, filtered, and taken away as CSV or JSON lines. Neither prompts nor answers are kept."""

from datetime import datetime
from typing import Any

from django.db.models import FloatField, QuerySet
from django.http import HttpResponseBase
from django.urls import path
from django_filters.rest_framework import CharFilter, FilterSet, NumberFilter
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ModelSerializer

from gateway.access.visibility import SEES_OWN, visible_requests
from gateway.api.export import FORMATS, streamed
from gateway.api.fields import Milliseconds
from gateway.api.filters import FlagFilter, MomentFilter, OneOf
from gateway.api.views import ApiView, Collection
from history.admin.filters import with_code
from history.ids import first_id_at
from history.models import AttemptLog, RequestLog
from history.records import Outcome
from providers import wire

GUARD = {"GET": ["history.view_requestlog", SEES_OWN]}
WHO = ["id", "started_at", "key_id", "key_name", "client_address"]
WHAT = ["api_type", "requested_model", "alias", "provider", "model", "streamed"]
HOW = ["outcome", "status", "error_code", "error", "finish_reason", "latency_ms", "first_byte_ms", "attempt_count"]
HOW_MUCH = [
    *("request_bytes", "answer_bytes", "input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens"),
    *("reasoning_tokens", "cost_usd"),
]
FIELDS = [*WHO, *WHAT, *HOW, *HOW_MUCH]


class OfHistory(ModelSerializer[Any]):
    """What was measured, in milliseconds."""

    serializer_field_mapping = {**ModelSerializer.serializer_field_mapping, FloatField: Milliseconds}


class RequestSerializer(OfHistory):
    class Meta:
        model = RequestLog
        fields = read_only_fields = FIELDS


class AttemptSerializer(OfHistory):
    class Meta:
        model = AttemptLog
        fields = read_only_fields = [
            *("number", "provider", "model", "url", "started_at", "latency_ms", "first_byte_ms", "status", "outcome"),
            *("condition", "error", "upstream_request_id", "why"),
        ]


class RequestDetailSerializer(RequestSerializer):
    attempts = AttemptSerializer(many=True, read_only=True)

    class Meta(RequestSerializer.Meta):
        fields = read_only_fields = [*FIELDS, "left_out", "attempts"]


class RequestFilters(FilterSet):  # type: ignore[misc]  # it ships no types
    """Each by an index of the table, newest first."""

    since = MomentFilter(method="from_time", help_text="From this time on.")
    until = MomentFilter(method="to_time", help_text="Before this time.")
    alias = CharFilter()
    provider = CharFilter()
    model = CharFilter()
    key = CharFilter(field_name="key_name", help_text="The name of a client key.")
    requested_model = CharFilter(help_text="As the client wrote it.")
    api_type = OneOf(wire.FORMATS)
    outcome = OneOf(outcome.value for outcome in Outcome)
    status = NumberFilter(min_value=100, max_value=599)
    error_code = CharFilter(method="of_code", help_text="Any text: rows keep the codes of older releases, too.")
    streamed = FlagFilter()

    def from_time(self, rows: "QuerySet[RequestLog]", name: str, value: datetime) -> "QuerySet[RequestLog]":
        return rows.filter(id__gte=first_id_at(value))

    def to_time(self, rows: "QuerySet[RequestLog]", name: str, value: datetime) -> "QuerySet[RequestLog]":
        return rows.filter(id__lt=first_id_at(value))

    def of_code(self, rows: "QuerySet[RequestLog]", name: str, value: str) -> "QuerySet[RequestLog]":
        return rows.filter(with_code(value))


class Requests(Collection):
    """What was asked of the gateway, and what became of it."""

    tag, guard = "history", GUARD
    queryset = RequestLog.objects.none()  # for the description of the API, which nobody asks for
    serializer_class, filterset_class, ordering = RequestSerializer, RequestFilters, "-id"

    def get_queryset(self) -> "QuerySet[RequestLog]":
        return visible_requests(self.request.user)


class RequestItem(ApiView):
    """One request."""

    tag, guard = "history", GUARD
    queryset = RequestLog.objects.none()  # for the description of the API, which nobody asks for
    serializer_class = RequestDetailSerializer

    def get_queryset(self) -> "QuerySet[RequestLog]":
        return visible_requests(self.request.user).prefetch_related("attempts")

    def get(self, request: Request, pk: Any) -> Response:
        """Read one request with every try at an upstream. Its id is the x-request-id of the answer."""
        return Response(self.get_serializer(self.get_object()).data)


class Anything(BaseRenderer):
    """The form of an export stands in its address; whoever says what they accept accepts it."""

    media_type = "*/*"
    format = ""

    def render(
        self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None
    ) -> bytes:  # Any: DRF's own
        """Of failures alone: an export is written as it is read."""
        return bytes(JSONRenderer().render(data))


class RequestExport(Requests):
    """All of a list at once."""

    is_list = False
    renderer_classes = [Anything]
    pagination_class: Any = None  # Any: DRF's own
    form = ""

    def known_parameters(self, method: str) -> list[str]:
        return [name for name in super().known_parameters(method) if name not in ("cursor", "limit")]

    def exported(self) -> HttpResponseBase:
        rows = self.filter_queryset(self.get_queryset())
        columns = {name: field.to_representation for name, field in RequestSerializer().fields.items()}
        return streamed(self.request, rows, columns, FORMATS[self.form])


class RequestsAsCsv(RequestExport):
    """Requests as a table."""

    form = "csv"

    @extend_schema(responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.STR)}, filters=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]  # no page
        """Export requests as CSV, newest first. The answer streams, however long it is."""
        return self.exported()


class RequestsAsLines(RequestExport):
    """Requests, one in each line."""

    form = "jsonl"

    @extend_schema(responses={(200, "application/jsonl"): OpenApiResponse(OpenApiTypes.STR)}, filters=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]  # no page
        """Export requests as JSON lines, newest first. The answer streams, however long it is."""
        return self.exported()


paths = [
    path("requests", Requests.as_view(), name="requests"),
    path("requests.csv", RequestsAsCsv.as_view(), name="requests-csv"),
    path("requests.jsonl", RequestsAsLines.as_view(), name="requests-jsonl"),
    path("requests/<uuid:pk>", RequestItem.as_view(), name="request"),
]
