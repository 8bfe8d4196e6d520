"""What would happen to a request for a name, now: the admin's “Test route”, without the request."""

from typing import Any

from django.urls import path, reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.api.filters import known_are
from gateway.api.pointers import Wrong
from gateway.api.problems import Refused
from gateway.api.views import ApiView
from gateway.views.openai import SERVED_API_TYPES
from gateway.views.route_explained import NoSuchRoute, Outlook, outlook
from providers import wire

LONGEST_NAME = 400


class ProspectSerializer(serializers.Serializer[Any]):
    place = serializers.IntegerField(help_text="In the order of this draw; another one may differ.")
    upstream = serializers.CharField()
    chance = serializers.FloatField(help_text="To be asked first, from 0 to 1.")
    why = serializers.CharField(help_text="What leads to it.")
    is_well = serializers.BooleanField(help_text="False: it would be left alone now.")
    health = serializers.CharField(help_text="Why; empty where it is well.")
    url = serializers.CharField()


class LeftOutSerializer(serializers.Serializer[Any]):
    target = serializers.CharField()
    reason = serializers.CharField()


class ExplainSerializer(serializers.Serializer[Any]):
    model = serializers.CharField()
    route = serializers.CharField(help_text="The custom route; empty for /v1.")
    api_type = serializers.ChoiceField(choices=[*wire.FORMATS])
    is_known = serializers.BooleanField(help_text="False: clients are told that there is no such model.")
    steps = ProspectSerializer(
        many=True, help_text="Who would be asked, in order, each when those before it have failed."
    )
    left_out = LeftOutSerializer(many=True)
    refusal = serializers.CharField(help_text="Where nobody can serve it, what clients are told: status and code.")


class Explain(ApiView):
    """Which upstreams would serve a name, and why."""

    tag, guard = "explain", {"GET": ["routing.view_alias", "routing.change_alias"]}
    parameters = {"GET": ["model", "api_type", "route"]}
    serializer_class = ExplainSerializer

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "model",
                {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME},
                required=True,
                description="What a client would send as “model”: an alias, a synonym, or provider/model.",
            ),
            OpenApiParameter("api_type", OpenApiTypes.STR, enum=[*SERVED_API_TYPES], description="Default: chat."),
            OpenApiParameter(
                "route", OpenApiTypes.STR, description="The path of a custom route, if it comes in by one: /openai."
            ),
        ]
    )
    def get(self, request: Request) -> Response:
        """Explain which upstreams would serve a name now, and why; nothing is sent."""
        name, api_type = request.query_params.get("model", ""), request.query_params.get("api_type", "chat")
        if not 1 <= len(name) <= LONGEST_NAME:
            raise Refused([Wrong(pointer="?model", message="Say which name.", code="required")])
        if api_type not in SERVED_API_TYPES:
            message = known_are(SERVED_API_TYPES)
            raise Refused([Wrong(pointer="?api_type", message=message, code="invalid_choice")])
        route = request.query_params.get("route", "")
        found = self._outlook(name, api_type, route)
        steps = [
            {
                "place": row.place,
                "upstream": row.prospect.step.upstream.key,
                "chance": row.prospect.chance,
                "why": row.prospect.step.why,
                "is_well": row.prospect.standing.ok,
                "health": row.prospect.standing.reason,
                "url": row.url,
            }
            for row in found.rows
        ]
        return Response(
            {
                "model": name,
                "route": route,
                "api_type": api_type,
                "is_known": not found.is_unknown,
                "steps": steps,
                "left_out": [{"target": one.target, "reason": one.reason} for one in found.left_out],
                "refusal": "" if steps or found.is_unknown else found.refusal,
            }
        )

    def _outlook(self, name: str, api_type: str, route: str) -> Outlook:
        """Raises Refused."""
        try:
            return outlook(name, api_type, route)
        except NoSuchRoute as exc:
            message = f"No enabled custom route has this path. GET {reverse('api:routes')} lists the routes."
            raise Refused([Wrong(pointer="?route", message=message, code="invalid_choice")]) from exc


paths = [path("explain", Explain.as_view(), name="explain")]
