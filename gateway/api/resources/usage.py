"""What each client key used in a stretch of time: added up from the requests, with any filter that their list has."""

from datetime import datetime, timedelta
from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.api.fields import Dollars, Moment
from gateway.api.filters import known_are
from gateway.api.pointers import Wrong
from gateway.api.problems import Refused
from gateway.api.resources.requests import Requests
from history.figures import Sums, exact_usd
from history.ids import first_id_at
from history.keys import LONGEST
from history.keys.store import by_key

GROUPS = ("key",)
USUAL = timedelta(hours=24)
COUNTED = (
    *("requests", "errors", "refused", "cancelled"),
    *("input_tokens", "output_tokens", "unknown_costs"),
)


class KeyUsageSerializer(serializers.Serializer[Any]):
    key_id = serializers.IntegerField(allow_null=True, help_text="null: a test from the admin, which has no key.")
    key_name = serializers.CharField(help_text="As it was called then.")
    requests = serializers.IntegerField(help_text="That ended by now.")
    errors = serializers.IntegerField(  # type: ignore[assignment]  # a field called so
        help_text="Of those, failed or interrupted."
    )
    refused = serializers.IntegerField(help_text="Of those, refused for what was asked.")
    cancelled = serializers.IntegerField(help_text="Of those, cancelled by the client.")
    input_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()
    cost_usd = Dollars(allow_null=True, help_text="What is known; null where nobody knows any of it.")
    unknown_costs = serializers.IntegerField(help_text="Requests whose cost nobody told us.")


class UsageSerializer(serializers.Serializer[Any]):
    group_by = serializers.ChoiceField(choices=[*GROUPS])
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    results = KeyUsageSerializer(many=True, help_text="The busiest first.")


def stretch_asked_for(query: Any, now: datetime) -> tuple[datetime, datetime]:  # Any: Django's own
    """From when until when. Raises Refused for more than may be added up at once."""
    until = Moment().to_internal_value(query["until"]) if query.get("until") else now
    try:
        since = Moment().to_internal_value(query["since"]) if query.get("since") else until - USUAL
    except OverflowError:  # before the first day of the first year
        since = until
    if not since < until:
        raise Refused([Wrong(pointer="?since", message="This is not before `until`.", code="invalid")])
    if until - since > LONGEST:
        message = f"At most {LONGEST.days} days are added up at once. Name a later `since` or an earlier `until`."
        raise Refused([Wrong(pointer="?since", message=message, code="too_long")])
    return since, until


def usage_of(sums: Sums) -> dict[str, Any]:  # Any: JSON
    named = {name: sums[name] for name in ("key_id", "key_name")}
    return {**named, **{name: int(sums[name]) for name in COUNTED}, "cost_usd": exact_usd(sums)}


class Usage(Requests):
    """The sums of requests."""

    is_list = False
    pagination_class: Any = None  # Any: DRF's own
    serializer_class = UsageSerializer  # type: ignore[assignment]  # of sums, not of requests

    def known_parameters(self, method: str) -> list[str]:
        return [*(name for name in super().known_parameters(method) if name not in ("cursor", "limit")), "group_by"]

    @extend_schema(
        filters=True,
        parameters=[
            OpenApiParameter("group_by", enum=[*GROUPS], description="Default: key."),
            OpenApiParameter(
                "since", datetime, description=f"Default: {USUAL.total_seconds() / 3600:.0f} h before `until`."
            ),
            OpenApiParameter(
                "until", datetime, description=f"Default: now. At most {LONGEST.days} days after `since`."
            ),
        ],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Add up requests by client key, over at most 31 days. A reader of own keys alone gets those."""
        group_by = request.query_params.get("group_by", GROUPS[0])
        if group_by not in GROUPS:
            raise Refused([Wrong(pointer="?group_by", message=known_are(GROUPS), code="invalid_choice")])
        found = self.filter_queryset(self.get_queryset())
        since, until = stretch_asked_for(request.query_params, timezone.now())
        within = found.filter(id__gte=first_id_at(since), id__lt=first_id_at(until))
        told = {"group_by": group_by, "since": since, "until": until}
        return Response(self.get_serializer({**told, "results": [usage_of(row) for row in by_key(within)]}).data)


paths = [path("usage", Usage.as_view(), name="usage")]
