"""Models of providers, each at /models/<provider>/<model>, whatever slashes its name has."""

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
from gateway.api.pointers import Wrong, pointer
from gateway.api.problems import Refused
from gateway.api.serializers import OfModel
from gateway.audit.models import ConfigChange
from gateway.audit.since import since
from gateway.audit.store.past import old_name
from gateway.interchange.document import Document, ModelEntry, ProviderEntry
from gateway.interchange.snapshot import MODEL_FIELDS, model_entry
from providers import wire
from providers.models import Provider, ProviderModel

EXAMPLE = {
    "provider": "openai",
    "name": "gpt-4o-mini",
    "context_length": 128000,
    "input_usd_per_mtok": 0.15,
    "output_usd_per_mtok": 0.6,
}


class InsideSerializer(OfModel):
    """A model, where its provider is known."""

    api_types = serializers.ListField(
        child=serializers.ChoiceField(choices=[*wire.FORMATS]),
        required=False,
        help_text="Which of the provider's API types it does. Empty: all.",
    )

    class Meta:
        model = ProviderModel
        fields = ["name", *MODEL_FIELDS]

    def to_representation(self, instance: ProviderModel) -> dict[str, Any]:  # Any: JSON
        shown = {name: getattr(instance, name) for name in ("name", *MODEL_FIELDS)}
        return {name: float(one) if name in PRICES and one is not None else one for name, one in shown.items()}


PRICES = [name for name in MODEL_FIELDS if name.endswith("_usd_per_mtok")]


@extend_schema_serializer(examples=[OpenApiExample("A model", EXAMPLE, request_only=True)])
class ModelSerializer(InsideSerializer):
    provider = Text(max_length=64, help_text="The name of its provider, for good.")

    class Meta(InsideSerializer.Meta):
        fields = ["provider", *InsideSerializer.Meta.fields]

    def to_representation(self, instance: ProviderModel) -> dict[str, Any]:  # Any: JSON
        return {"provider": instance.provider.name, **super().to_representation(instance)}


def fresh(body: Body) -> ProviderModel:
    """Raises Refused."""
    provider = Provider.objects.filter(name=body["provider"]).first()
    if provider is None:
        raise Refused([Wrong(pointer=pointer("provider"), message="There is no provider of this name.")])
    return ProviderModel(provider=provider, name=body["name"])


def document_of(model: ProviderModel, body: Body) -> Document:
    """Raises Refused for a model that is to move."""
    if body.get("provider", model.provider.name) != model.provider.name:
        message = "A model stays with its provider. Make another one there."
        raise Refused([Wrong(pointer=pointer("provider"), message=message)])
    said = entry(ModelEntry, {**body, "name": model.name})
    return Document(providers=(ProviderEntry(name=model.provider.name, models=(said,)),))


def changes(model: ProviderModel, stamp: str) -> list[ConfigChange]:
    """Of this model: revisions keep stamps of providers, not of their models."""
    name, found = model.name, []
    for change in since("provider", model.provider.name, stamp):
        was = old_name(change, name)
        if change.kind == "model" and change.name == f"{change.of_name}/{was or name}":
            found.append(change)
            name = was or name
    return found


MODELS = Kind(
    name="model",
    fresh=fresh,
    address=lambda model: {"provider": model.provider.name, "name": model.name},
    lookup=lambda named: {"provider__name": named["provider"], "name": named["name"]},
    entry=model_entry,
    document=document_of,
    whole=lambda model, body: with_defaults(model, MODEL_FIELDS, body),
    changes=changes,
)


class ModelFilters(FilterSet):  # type: ignore[misc]  # it ships no types
    provider = CharFilter(field_name="provider__name")
    name = CharFilter()
    enabled = FlagFilter()


class ModelView(Documented):
    """One model, or many."""

    kind, tag, guard = MODELS, "models", guard_of("providers.providermodel")
    serializer_class = ModelSerializer

    def get_queryset(self) -> "QuerySet[ProviderModel]":
        return ProviderModel.objects.select_related("provider")


class Models(ModelView, DocumentedCollection):
    """All models of all providers."""

    filterset_class, ordering = ModelFilters, "id"


class ModelItem(ModelView, DocumentedItem):
    """One model of a provider."""


paths = [
    path("models", Models.as_view(), name="models"),
    path("models/<str:provider>/<path:name>", ModelItem.as_view(), name="model"),
]
