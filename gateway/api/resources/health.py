"""How each upstream stands, as all processes see it, and a way to forget what is held against one."""

from typing import Any

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.api.fields import Flag, Text
from gateway.api.pointers import Wrong, pointer
from gateway.api.problems import Busy, Refused
from gateway.api.serializers import MOST_INSIDE, StrictFields
from gateway.api.views import ApiView, author
from gateway.audit.events import Event, note_event
from gateway.health.clearing import clear
from gateway.health.overview import State
from gateway.health.seen import configured, seen_now

GUARD = {
    "GET": ["gateway.view_upstreamhealth", "gateway.clear_upstreamhealth"],
    "POST": ["gateway.clear_upstreamhealth"],
}
SHOWN = [
    *("key", "provider", "model", "address", "state", "reason", "seconds_left", "said_by", "known_to"),
    *("first_byte_ms", "tokens_per_second", "requests", "good", "bad"),
]


class UpstreamSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(help_text="Names it: provider/model, and its address where it has one of its own.")
    provider = serializers.CharField()
    model = serializers.CharField()
    address = serializers.CharField(help_text="Empty: the provider's own.")
    state = serializers.ChoiceField(choices=[state.value for state in State])
    reason = serializers.CharField()
    seconds_left = serializers.FloatField(allow_null=True, help_text="Until it may be asked again.")
    said_by = serializers.IntegerField(help_text="Processes that see this state.")
    known_to = serializers.IntegerField(help_text="Processes that have asked it lately.")
    in_flight = serializers.IntegerField()
    first_byte_ms = serializers.FloatField(allow_null=True)
    tokens_per_second = serializers.FloatField(allow_null=True)
    requests = serializers.IntegerField(help_text="Of the last minute.")
    good = serializers.IntegerField(help_text="Answers of the last five minutes.")
    bad = serializers.IntegerField(help_text="Failures of the last five minutes.")


class HealthSerializer(serializers.Serializer[Any]):
    processes = serializers.IntegerField()
    left_out = serializers.IntegerField(help_text="Well or idle upstreams beyond the first 200.")
    upstreams = UpstreamSerializer(many=True, help_text="The worst first.")


class ClearSerializer(StrictFields):
    upstreams = serializers.ListField(
        child=Text(max_length=3000), required=False, max_length=MOST_INSIDE, help_text="Their keys."
    )
    everything = Flag(required=False, default=False, help_text="All that there is something to forget of.")


class ClearedSerializer(serializers.Serializer[Any]):
    cleared = serializers.ListField(child=serializers.CharField(), help_text="Keys of upstreams.")


def shown(row: Any) -> dict[str, Any]:  # Any: gateway.health.overview.Row, by name
    in_flight = row.in_flight_here + row.in_flight_elsewhere
    return {**{name: getattr(row, name) for name in SHOWN}, "in_flight": in_flight}


class Health(ApiView):
    """The health of upstreams."""

    tag, guard = "health", GUARD
    parameters = {"GET": ["provider"]}
    serializer_class = HealthSerializer

    @extend_schema(parameters=[OpenApiParameter("provider", OpenApiTypes.STR, description="Of this provider alone.")])
    def get(self, request: Request) -> Response:
        """Read how each upstream stands now, the worst first."""
        seen = seen_now(request.query_params.get("provider", ""))
        upstreams = [shown(row) for row in seen.rows]
        return Response({"processes": seen.processes, "left_out": seen.left_out, "upstreams": upstreams})


class HealthClearing(ApiView):
    """Forgetting."""

    tag, guard = "health", {"POST": GUARD["POST"]}
    is_recorded = True
    serializer_class = ClearSerializer

    @extend_schema(responses=ClearedSerializer)
    def post(self, request: Request) -> Response:
        """Forget what is held against upstreams: here at once, in all other processes within a second."""
        keys = self._wanted(self.checked(request).validated_data)
        try:
            clear(keys)
        except TimeoutError as exc:
            raise Busy("The gateway did not answer in time. Try again.") from exc
        for key in keys:
            note_event(Event.HEALTH_CLEARED, key, author(request))
        return Response({"cleared": keys})

    def _wanted(self, body: dict[str, Any]) -> list[str]:  # Any: JSON
        """Raises Refused for an upstream that is in no table."""
        if body["everything"]:
            return list(seen_now("").clearable)
        wanted, known = body.get("upstreams", []), set(configured())
        wrong = [place for place, key in enumerate(wanted) if key not in known]
        if wrong:
            message = "There is no such upstream. GET /api/v1/health says how they are called."
            raise Refused([Wrong(pointer=pointer("upstreams", one), message=message, code="unknown") for one in wrong])
        return list(dict.fromkeys(wanted))


paths = [
    path("health", Health.as_view(), name="health"),
    path("health/clear", HealthClearing.as_view(), name="health-clear"),
]
