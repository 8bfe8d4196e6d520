"""Pattern aliases: what is asked for by names of one shape, such as gpt-*."""

from typing import Any

from django.db.models import QuerySet
from django.urls import path
from django_filters.rest_framework import CharFilter, FilterSet
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer

from gateway.api.documented import Documented, DocumentedCollection, DocumentedItem, Kind
from gateway.api.entries import Body, entry, with_defaults
from gateway.api.fields import Text
from gateway.api.filters import FlagFilter
from gateway.api.permissions import guard_of
from gateway.api.serializers import OfModel
from gateway.audit.since import since
from gateway.interchange.document import Document, PatternEntry
from gateway.interchange.snapshot import PATTERN_FIELDS, pattern_entry
from routing.models import PatternAlias

EXAMPLE = {"pattern": "gpt-*", "provider": "openai", "model": "gpt-*"}
BEHIND = ("to_alias", "provider", "model")


@extend_schema_serializer(examples=[OpenApiExample("A pattern", EXAMPLE, request_only=True)])
class PatternSerializer(OfModel):
    """`to_alias`, or `provider` and `model`."""

    to_alias = Text(required=False, allow_blank=True, max_length=128, help_text="The alias behind it.")
    provider = Text(required=False, allow_blank=True, max_length=64, help_text="Or a provider, with `model`.")

    class Meta:
        model = PatternAlias
        fields = ["pattern", *BEHIND, *PATTERN_FIELDS]

    def to_representation(self, instance: PatternAlias) -> dict[str, Any]:  # Any: JSON
        return {
            "pattern": instance.pattern,
            "to_alias": instance.to_alias.name if instance.to_alias else "",
            "provider": instance.provider.name if instance.provider else "",
            "model": instance.model,
            "enabled": instance.enabled,
        }


def document_of(pattern: PatternAlias, body: Body) -> Document:
    stored = {name: getattr(pattern_entry(pattern), name) for name in BEHIND} if pattern.pk else {}
    return Document(patterns=(entry(PatternEntry, {**stored, **body, "pattern": pattern.pattern}),))


PATTERNS = Kind(
    name="pattern",
    key="pattern",
    fresh=lambda body: PatternAlias(pattern=body["pattern"]),
    address=lambda row: {"pattern": row.pattern},
    entry=pattern_entry,
    document=document_of,
    whole=lambda row, body: {**dict.fromkeys(BEHIND, ""), **with_defaults(row, PATTERN_FIELDS, body)},
    changes=lambda row, stamp: since("pattern", row.pattern, stamp),
)


class PatternFilters(FilterSet):  # type: ignore[misc]  # it ships no types
    pattern = CharFilter()
    enabled = FlagFilter()


class PatternView(Documented):
    """One pattern, or many."""

    kind, tag, guard = PATTERNS, "patterns", guard_of("routing.patternalias")
    serializer_class = PatternSerializer

    def get_queryset(self) -> "QuerySet[PatternAlias]":
        return PatternAlias.objects.select_related("to_alias", "provider")


class Patterns(PatternView, DocumentedCollection):
    """Names of one shape, and who stands behind them."""

    filterset_class, ordering = PatternFilters, "pattern"


class PatternItem(PatternView, DocumentedItem):
    """One pattern."""


paths = [
    path("patterns", Patterns.as_view(), name="patterns"),
    path("patterns/<path:pattern>", PatternItem.as_view(), name="pattern"),
]
