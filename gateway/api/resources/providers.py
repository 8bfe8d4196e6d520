"""Providers, each with its addresses and models. A key goes in, and comes back as a reference or as the word “stored”."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.urls import path
from django_filters.rest_framework import CharFilter, FilterSet
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from gateway.api.documented import Documented, DocumentedCollection, DocumentedItem, Kind
from gateway.api.entries import ABSENT, Body, entry, with_defaults
from gateway.api.fields import Text
from gateway.api.filters import FlagFilter, OneOf
from gateway.api.permissions import guard_of
from gateway.api.pointers import Wrong, pointer
from gateway.api.problems import Refused
from gateway.api.resources.models import InsideSerializer
from gateway.api.serializers import OfModel
from gateway.audit.since import since
from gateway.interchange.document import Document, EndpointEntry, ModelEntry, ProviderAliasEntry, ProviderEntry
from gateway.interchange.snapshot import MODEL_FIELDS, PROVIDER_FIELDS, provider_entry
from providers import extra_headers, secrets, wire
from providers.extra_headers import STORED
from providers.models import Endpoint, Provider, ProviderModel
from routing.models import ProviderAlias

EXAMPLE = {
    "name": "openai",
    "credential": "$OPENAI_API_KEY",
    "endpoints": [{"api_type": "chat", "base_url": "https://api.openai.com/v1"}],
    "models": [{"name": "gpt-4o"}, {"name": "gpt-4o-mini", "context_length": 128000}],
}


class EndpointSerializer(OfModel):
    api_type = serializers.ChoiceField(choices=[*wire.FORMATS])

    class Meta:
        model = Endpoint
        fields = ["api_type", "base_url"]


class ProviderAliasSerializer(OfModel):
    """What a name means on the provider's own route."""

    class Meta:
        model = ProviderAlias
        fields = ["name", "model"]


@extend_schema_serializer(examples=[OpenApiExample("A provider", EXAMPLE, request_only=True)])
class ProviderSerializer(OfModel):
    credential = Text(
        required=False,
        allow_blank=True,
        max_length=10_000,
        help_text=f"$NAME of an environment variable, or the key itself. It is answered as the reference, or as “{STORED}”, "
        "which leaves it as it is when it is sent back.",
    )
    extra_headers = serializers.DictField(
        child=Text(allow_blank=True, max_length=10_000),
        required=False,
        help_text="Sent with every request: $NAME of an environment variable, or the value itself. Values are answered as "
        f"“{STORED}”, which leaves them as they are; but for references, and well-known headers that carry no secret.",
    )
    endpoints = EndpointSerializer(
        many=True, required=False, help_text="All of them: an address that is not here is taken away."
    )
    models = InsideSerializer(
        many=True,
        required=False,
        help_text="All of them: a model that is not here is deleted (409 where an alias needs it).",
    )

    aliases = ProviderAliasSerializer(
        many=True,
        required=False,
        help_text="What names mean on its own routes. All of them; none: the aliases that everybody has.",
    )

    class Meta:
        model = Provider
        fields = ["name", *PROVIDER_FIELDS, "endpoints", "models", "aliases"]

    def to_representation(self, instance: Provider) -> dict[str, Any]:  # Any: JSON
        shown = {name: getattr(instance, name) for name in ("name", *PROVIDER_FIELDS)}
        return {
            **shown,
            "credential": shown_credential(instance),
            "extra_headers": extra_headers.shown(instance.extra_headers),
            "endpoints": [{"api_type": one.api_type, "base_url": one.base_url} for one in instance.endpoints.all()],
            "models": [InsideSerializer().to_representation(model) for model in instance.models.all()],
            "aliases": [{"name": alias.name, "model": alias.model} for alias in instance.aliases.all()],
        }


def shown_credential(provider: Provider) -> str:
    if not provider.credential:
        return ""
    return provider.credential if secrets.is_reference(provider.credential) else STORED


def document_of(provider: Provider, body: Body) -> Document:
    """Raises Refused for a secret that is to stay and is not there."""
    said = {**body, "name": provider.name}
    if body.get("credential") == STORED:
        if shown_credential(provider) != STORED:
            raise nothing_stored("credential")
        said["credential"] = ABSENT
    if "extra_headers" in body:
        said |= headers_of(provider, body["extra_headers"])
    if "endpoints" in body:
        endpoints = enumerate(body["endpoints"])
        said["endpoints"] = tuple(entry(EndpointEntry, one, "endpoints", place) for place, one in endpoints)
    models = enumerate(body.get("models", ()))
    said["models"] = tuple(
        entry(ModelEntry, with_defaults(ProviderModel(), MODEL_FIELDS, one), "models", place) for place, one in models
    )
    if "aliases" in body:
        aliases = enumerate(body["aliases"])
        said["aliases"] = tuple(entry(ProviderAliasEntry, one, "aliases", place) for place, one in aliases)
    return Document(providers=(entry(ProviderEntry, said),))


def headers_of(provider: Provider, sent: Mapping[str, str]) -> Body:
    """Those that were sent with a value, and the names of those that keep theirs. Raises Refused."""
    kept = [name for name, value in sent.items() if value == STORED]
    for name in kept:
        if name not in provider.extra_headers:
            raise nothing_stored("extra_headers", name)
    return {
        "extra_headers": {name: value for name, value in sent.items() if value != STORED},
        "kept_headers": sorted(kept) or ABSENT,
    }


def nothing_stored(*at: str) -> Refused:
    message = f"Nothing is stored here that “{STORED}” could stand for. Send the value itself."
    return Refused([Wrong(pointer=pointer(*at), message=message, code="nothing_stored")])


def whole(provider: Provider, body: Body) -> Body:
    """But for the credential: a key that is nowhere else is never lost because a body does not speak of it."""
    plain = [name for name in PROVIDER_FIELDS if name != "credential"]
    return {"endpoints": [], "models": [], "aliases": [], **with_defaults(provider, plain, body)}


def doomed(provider: Provider, body: Body) -> list[ProviderModel]:
    if "models" not in body:
        return []
    return list(provider.models.exclude(name__in=[one["name"] for one in body["models"]]))


def switched_off(provider: Provider, body: Body) -> list[ProviderModel]:
    names = [one["name"] for one in body.get("models", ()) if one.get("enabled") is False]
    return list(provider.models.filter(name__in=names, enabled=True))


PROVIDERS = Kind(
    name="provider",
    fresh=lambda body: Provider(name=body["name"]),
    entry=provider_entry,
    document=document_of,
    whole=whole,
    inside={"endpoints": "providers.endpoint", "models": "providers.providermodel", "aliases": "routing.provideralias"},
    doomed=doomed,
    switched_off=switched_off,
    changes=lambda provider, stamp: since("provider", provider.name, stamp),
)


class ProviderFilters(FilterSet):  # type: ignore[misc]  # it ships no types
    name = CharFilter()
    enabled = FlagFilter()
    api_type = OneOf(wire.FORMATS, field_name="endpoints__api_type", distinct=True)


class ProviderView(Documented):
    """One provider, or many."""

    kind, tag, guard = PROVIDERS, "providers", guard_of("providers.provider")
    serializer_class = ProviderSerializer

    def get_queryset(self) -> "QuerySet[Provider]":
        return Provider.objects.prefetch_related("endpoints", "models", "aliases")


class Providers(ProviderView, DocumentedCollection):
    """Whom we can call."""

    filterset_class, ordering = ProviderFilters, "name"


class ProviderItem(ProviderView, DocumentedItem):
    """One provider, by its name."""


paths = [
    path("providers", Providers.as_view(), name="providers"),
    path("providers/<str:name>", ProviderItem.as_view(), name="provider"),
]
