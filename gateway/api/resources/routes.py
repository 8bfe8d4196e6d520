"""Custom routes: paths of the operator's own choosing, each at /routes and its own path."""

from typing import Any

from django.db.models import QuerySet
from django.urls import path
from django_filters.rest_framework import CharFilter, FilterSet
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from gateway.api.documented import Documented, DocumentedCollection, DocumentedItem, Kind
from gateway.api.entries import Body, entry, with_defaults
from gateway.api.fields import Text
from gateway.api.filters import FlagFilter
from gateway.api.permissions import guard_of
from gateway.api.serializers import OfModel
from gateway.audit.since import since
from gateway.interchange.document import Document, RouteEntry
from gateway.interchange.snapshot import ROUTE_FIELDS, route_entry
from providers import wire
from routing.models import CustomRoute

EXAMPLE = {"path": "/openai", "provider": "openai"}
SCOPE = ("provider", "alias")


@extend_schema_serializer(examples=[OpenApiExample("A route", EXAMPLE, request_only=True)])
class RouteSerializer(OfModel):
    """For a `provider`, for an `alias`, or for all names."""

    provider = Text(required=False, allow_blank=True, max_length=64, help_text="Names mean what they mean to it.")
    alias = Text(required=False, allow_blank=True, max_length=128, help_text="Or nothing but this alias.")
    api_type = serializers.ChoiceField(choices=[*wire.FORMATS], required=False)

    class Meta:
        model = CustomRoute
        fields = ["path", *SCOPE, *ROUTE_FIELDS]

    def to_representation(self, instance: CustomRoute) -> dict[str, Any]:  # Any: JSON
        return {
            "path": instance.path,
            "provider": instance.provider.name if instance.provider else "",
            "alias": instance.alias.name if instance.alias else "",
            "api_type": instance.api_type,
            "enabled": instance.enabled,
        }


def document_of(route: CustomRoute, body: Body) -> Document:
    stored = {name: getattr(route_entry(route), name) for name in SCOPE} if route.pk else {}
    return Document(routes=(entry(RouteEntry, {**stored, **body, "path": route.path}),))


ROUTES = Kind(
    name="route",
    key="path",
    fresh=lambda body: CustomRoute(path=body["path"]),
    address=lambda row: {"path": row.path.removeprefix("/")},
    lookup=lambda named: {"path": f"/{named['path']}"},
    entry=route_entry,
    document=document_of,
    whole=lambda row, body: {**dict.fromkeys(SCOPE, ""), **with_defaults(row, ROUTE_FIELDS, body)},
    changes=lambda row, stamp: since("route", row.path, stamp),
)


class RouteFilters(FilterSet):  # type: ignore[misc]  # it ships no types
    path = CharFilter()
    enabled = FlagFilter()


class RouteView(Documented):
    """One route, or many."""

    kind, tag, guard = ROUTES, "routes", guard_of("routing.customroute")
    serializer_class = RouteSerializer

    def get_queryset(self) -> "QuerySet[CustomRoute]":
        return CustomRoute.objects.select_related("provider", "alias")


class Routes(RouteView, DocumentedCollection):
    """Paths at which requests come in besides /v1."""

    filterset_class, ordering = RouteFilters, "path"


class RouteItem(RouteView, DocumentedItem):
    """One route."""


paths = [
    path("routes", Routes.as_view(), name="routes"),
    path("routes/<path:path>", RouteItem.as_view(), name="route"),
]
