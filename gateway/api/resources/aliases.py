"""Aliases, each with its synonyms and targets: written together, or not at all."""

from typing import Any

from django.db.models import Q, QuerySet
from django.urls import path
from django_filters.rest_framework import CharFilter, FilterSet
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from gateway.api.documented import Documented, DocumentedCollection, DocumentedItem, Kind
from gateway.api.entries import Body, entry, with_defaults
from gateway.api.fields import Text
from gateway.api.filters import FlagFilter
from gateway.api.permissions import guard_of
from gateway.api.pointers import pointer
from gateway.api.serializers import MOST_INSIDE, OfModel
from gateway.audit.since import since
from gateway.interchange.document import AliasEntry, Document, SynonymEntry, TargetEntry
from gateway.interchange.findings import Place
from gateway.interchange.snapshot import ALIAS_FIELDS, TARGET_FIELDS, alias_entry
from routing import conditions
from routing.models import NAME_FIELD, Alias, ClaimedName, Target, clean_name
from routing.selection import SELECTORS

EXAMPLE = {
    "name": "fast",
    "description": "For short answers.",
    "selector": "random",
    "synonyms": ["quick"],
    "targets": [
        {"provider": "openai", "model": "gpt-4o-mini", "weight": 95},
        {"provider": "anthropic", "model": "claude-haiku", "weight": 5, "conditions": []},
        {"to_alias": "cheap", "tier": 1},
    ],
}


class TargetSerializer(OfModel):
    """`provider` and `model`, or `to_alias`."""

    provider = Text(required=False, allow_blank=True, default="", max_length=64, help_text="With `model`.")
    model = Text(required=False, allow_blank=True, default="", max_length=200, help_text="As the provider calls it.")
    to_alias = Text(required=False, allow_blank=True, default="", max_length=128, help_text="In place of a model.")
    conditions = serializers.ListField(
        child=serializers.ChoiceField(choices=[*conditions.LABELS]), required=False, help_text="Only after these."
    )

    class Meta:
        model = Target
        fields = ["provider", "model", "to_alias", "endpoint", *TARGET_FIELDS]

    def to_representation(self, instance: Target) -> dict[str, Any]:  # Any: JSON
        shown = {name: getattr(instance, name) for name in ("endpoint", *TARGET_FIELDS)}
        model = instance.model
        named = {
            "provider": model.provider.name if model else "",
            "model": model.name if model else "",
            "to_alias": instance.to_alias.name if instance.to_alias else "",
        }
        return {**named, **shown}


@extend_schema_serializer(examples=[OpenApiExample("An alias", EXAMPLE, request_only=True)])
class AliasSerializer(OfModel):
    selector = serializers.ChoiceField(
        choices=[*SELECTORS], required=False, help_text="Which target is tried first: see docs/routing.md."
    )
    synonyms = serializers.ListField(
        child=Text(max_length=128, validators=NAME_FIELD["validators"]),
        required=False,
        max_length=MOST_INSIDE,
        help_text="Other names of it. All of them: one that is not here is taken away.",
    )
    targets = TargetSerializer(
        many=True,
        required=False,
        help_text="In order. All of them: one that is not here is taken away.",
    )

    class Meta:
        model = Alias
        fields = ["name", *ALIAS_FIELDS, "synonyms", "targets", "created_at"]
        read_only_fields = ["created_at"]

    def to_representation(self, instance: Alias) -> dict[str, Any]:  # Any: JSON
        shown = {name: getattr(instance, name) for name in ("name", *ALIAS_FIELDS)}
        return {
            **shown,
            "synonyms": [synonym.name for synonym in instance.synonyms.all()],
            "targets": [TargetSerializer().to_representation(target) for target in instance.targets.all()],
            "created_at": instance.created_at,
        }


def targets_of(body: Body) -> tuple[TargetEntry, ...]:
    return tuple(entry(TargetEntry, one, "targets", place) for place, one in enumerate(body["targets"]))


def synonyms_of(body: Body) -> tuple[SynonymEntry, ...]:
    """Each stands where its text was sent: there is no field `name` below that."""
    return tuple(
        SynonymEntry(name=one, where={"": Place(path=pointer("synonyms", place))})
        for place, one in enumerate(body["synonyms"])
    )


def document_of(alias: Alias, body: Body) -> Document:
    """What the database is changed to. What the body does not speak of stays."""
    stored = alias_entry(alias) if alias.pk else AliasEntry(name=alias.name)
    said = entry(
        AliasEntry,
        {**body, "name": alias.name},
        synonyms=synonyms_of(body) if "synonyms" in body else stored.synonyms,
        targets=targets_of(body) if "targets" in body else stored.targets,
    )
    return Document(aliases=(said,))


def whole(alias: Alias, body: Body) -> Body:
    return {"synonyms": [], "targets": [], **with_defaults(alias, ALIAS_FIELDS, body)}


def fresh(body: Body) -> Alias:
    """Raises Django's ValidationError for a name that is taken, with whose it is."""
    clean_name(body["name"], alias=None, synonym=None)
    return Alias(name=body["name"])


ALIASES = Kind(
    name="alias",
    fresh=fresh,
    changes=lambda alias, stamp: since("alias", alias.name, stamp),
    entry=alias_entry,
    document=document_of,
    whole=whole,
    inside={"targets": "routing.target", "synonyms": "routing.synonym"},
)


class AliasFilters(FilterSet):  # type: ignore[misc]  # it ships no types
    name = CharFilter(help_text="Exactly; synonyms too.", method="called")
    enabled = FlagFilter()
    provider = CharFilter(
        field_name="targets__model__provider__name", distinct=True, help_text="Of one of its targets."
    )

    def called(self, rows: "QuerySet[Alias]", name: str, value: str) -> "QuerySet[Alias]":
        named = ClaimedName.objects.filter(name=value)
        return rows.filter(Q(pk__in=named.values("alias")) | Q(pk__in=named.values("synonym__alias")))


class AliasView(Documented):
    """One alias, or many."""

    kind, tag, guard = ALIASES, "aliases", guard_of("routing.alias")
    serializer_class = AliasSerializer

    def get_queryset(self) -> "QuerySet[Alias]":
        return Alias.objects.prefetch_related("synonyms", "targets__model__provider", "targets__to_alias")


class Aliases(AliasView, DocumentedCollection):
    """The names that clients ask for, and who stands behind them."""

    filterset_class, ordering = AliasFilters, "name"


class AliasItem(AliasView, DocumentedItem):
    """One alias, by its name."""


paths = [
    path("aliases", Aliases.as_view(), name="aliases"),
    path("aliases/<str:name>", AliasItem.as_view(), name="alias"),
]
