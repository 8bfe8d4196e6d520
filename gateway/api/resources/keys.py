"""Client keys of the gateway. A secret is in one answer, the one to the request that made it."""

import hashlib
from typing import Any

import msgspec
from django.db.models import QuerySet
from django.urls import path, reverse
from django_filters.rest_framework import CharFilter, FilterSet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.access.visibility import RENEWS_OWN, SEES_OWN, visible_keys
from gateway.api.entries import Body
from gateway.api.fields import Text
from gateway.api.filling_keys import PLAIN, fill
from gateway.api.filters import FlagFilter
from gateway.api.matching import check_match, etag_of
from gateway.api.permissions import guard_of, missing
from gateway.api.recorded import changes_as_json
from gateway.api.serializers import OfModel
from gateway.api.views import ApiView, Collection, changing
from gateway.audit.since import since
from gateway.models import ClientKey

CHANGE = "gateway.change_clientkey"
GUARD = {**guard_of("gateway.clientkey"), "GET": ["gateway.view_clientkey", CHANGE, SEES_OWN]}
EXAMPLE = {"name": "billing service", "access": "listed", "allowed_aliases": ["fast"]}


@extend_schema_serializer(examples=[OpenApiExample("A key", EXAMPLE, request_only=True)])
class KeySerializer(OfModel):
    owner = Text(required=False, allow_null=True, help_text="A user's name. The user may see it, and its requests.")
    allowed_aliases = serializers.ListField(child=Text(), required=False, help_text="Names. For access “listed”.")
    allowed_models = serializers.ListField(child=Text(), required=False, help_text="As provider/model.")

    class Meta:
        model = ClientKey
        fields = ["id", "prefix", *PLAIN, "owner", "allowed_aliases", "allowed_models", "created_at"]
        read_only_fields = ["id", "prefix", "created_at"]

    def to_representation(self, instance: ClientKey) -> dict[str, Any]:  # Any: JSON
        shown = {name: getattr(instance, name) for name in ("id", "prefix", *PLAIN)}
        return {
            **shown,
            "owner": instance.owner.get_username() if instance.owner else None,
            "allowed_aliases": sorted(alias.name for alias in instance.allowed_aliases.all()),
            "allowed_models": sorted(str(model) for model in instance.allowed_models.all()),
            "created_at": instance.created_at,
        }


class NewKeySerializer(KeySerializer):
    """With the key itself: it is shown this once."""

    secret = serializers.CharField(read_only=True)

    class Meta(KeySerializer.Meta):
        fields = [*KeySerializer.Meta.fields, "secret"]

    def to_representation(self, instance: ClientKey) -> dict[str, Any]:  # Any: JSON
        return {**super().to_representation(instance), "secret": instance.secret}


def stamp_of_key(key: ClientKey) -> str:
    """A key is in no document, so it has a stamp of its own."""
    shown = KeySerializer().to_representation(key)
    return hashlib.sha256(msgspec.json.encode(shown, order="sorted")).hexdigest()[:32]


class KeyFilters(FilterSet):  # type: ignore[misc]  # it ships no types
    name = CharFilter()
    enabled = FlagFilter()
    owner = CharFilter(field_name="owner__username")


class KeyView(ApiView):
    """One key, or many: those that whoever asks may see."""

    tag, guard = "keys", GUARD
    queryset = ClientKey.objects.none()  # for the description of the API, which nobody asks for
    is_recorded = True

    def get_queryset(self) -> "QuerySet[ClientKey]":
        rows = visible_keys(self.request.user)
        return rows.select_related("owner").prefetch_related("allowed_aliases", "allowed_models__provider")


class Keys(KeyView, Collection):
    """Who may call the gateway."""

    is_idempotent = has_etag = True
    serializer_class, filterset_class, ordering = KeySerializer, KeyFilters, "name"

    @extend_schema(responses={201: NewKeySerializer})
    def post(self, request: Request) -> Response:
        """Make a key. The answer holds its secret, which is shown this once."""
        return self.create_once(request, lambda: self._create(request))

    def _create(self, request: Request) -> Response:
        body: Body = self.checked(request).validated_data
        with changing(request):
            key = ClientKey()
            key.make()
            fill(key, body, is_whole=False)
        headers = {"Location": reverse("api:key", args=[key.pk]), "ETag": etag_of(stamp_of_key(key))}
        return secret_shown(key, status.HTTP_201_CREATED, headers)


def secret_shown(key: ClientKey, code: int, headers: dict[str, str]) -> Response:
    headers = {**headers, "Cache-Control": "no-store, private"}
    return Response(NewKeySerializer().to_representation(key), status=code, headers=headers)


class KeyItem(KeyView):
    """One client key."""

    has_etag = True
    serializer_class = KeySerializer

    def get(self, request: Request, pk: int) -> Response:
        """Read it. Never its secret."""
        return self._shown(self.get_object())

    def put(self, request: Request, pk: int) -> Response:
        """Replace what it may do. Its secret stays."""
        return self._change(request, is_whole=True)

    def patch(self, request: Request, pk: int) -> Response:
        """Change what the body says. `{"enabled": false}` revokes it."""
        return self._change(request, is_whole=False)

    def delete(self, request: Request, pk: int) -> Response:
        """Delete it: it opens nothing from now on. What was asked with it stays in the history."""
        with changing(request):
            key = self.get_object()
            self._check_match(request, key)
            key.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _change(self, request: Request, *, is_whole: bool) -> Response:
        body: Body = self.checked(request, is_part=not is_whole).validated_data
        with changing(request):
            key = self.get_object()
            self._check_match(request, key)
            fill(key, body, is_whole=is_whole)
        return self._shown(self.get_object())

    def _check_match(self, request: Request, key: ClientKey) -> None:
        check_match(request, stamp_of_key(key), lambda seen: changes_as_json(since("client key", key.name, seen)))

    def _shown(self, key: ClientKey) -> Response:
        return Response(self.get_serializer(key).data, headers={"ETag": etag_of(stamp_of_key(key))})


class KeyRevoked(KeyView):
    """A key that shall open nothing any more."""

    guard = {"POST": [CHANGE]}
    serializer_class = KeySerializer

    @extend_schema(request=None, responses=KeySerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Revoke it: the next request with it is refused, everywhere within a second. Doing it twice does no harm."""
        with changing(request):
            key = self.get_object()
            key.enabled = False
            key.save()
        return Response(self.get_serializer(key).data)


class KeySecret(KeyView):
    """A key's secret."""

    guard = {"POST": [CHANGE, RENEWS_OWN]}
    serializer_class = NewKeySerializer

    @extend_schema(request=None, responses=NewKeySerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Replace its secret: the old one opens nothing any more, and the new one is in this answer, once."""
        with changing(request):
            key = self.get_object()
            if not request.user.has_perm(CHANGE) and key.owner_id != request.user.pk:
                raise PermissionDenied(missing([CHANGE]))
            key.make()
            key.save()
        return secret_shown(key, status.HTTP_200_OK, {})


paths = [
    path("keys", Keys.as_view(), name="keys"),
    path("keys/<int:pk>", KeyItem.as_view(), name="key"),
    path("keys/<int:pk>/revoke", KeyRevoked.as_view(), name="key-revoke"),
    path("keys/<int:pk>/secret", KeySecret.as_view(), name="key-secret"),
]
