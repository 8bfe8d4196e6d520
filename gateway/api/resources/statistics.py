"""What went through, how fast and at what price: the numbers of the dashboard, from the same sums."""

from datetime import timedelta
from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.api.fields import Dollars
from gateway.api.filters import known_are
from gateway.api.pointers import Wrong
from gateway.api.problems import Refused
from gateway.api.views import ApiView
from history import latency, periods
from history.comparison import MEASURES, Measure
from history.dashboard import numbers
from history.figures import Sums, exact_usd
from history.scope import DIRECT, LONGEST, UNRESOLVED, Scope, alias_of, target_of

COUNTED = ("requests", "errors", "refused", "cancelled", "attempts", "attempt_failures")


class FiguresSerializer(serializers.Serializer[Any]):
    requests = serializers.IntegerField(help_text="That ended in this time.")
    errors = serializers.IntegerField(  # type: ignore[assignment]  # a field called so
        help_text="Of those, failed or interrupted."
    )
    refused = serializers.IntegerField(help_text="Of those, refused for what was asked.")
    cancelled = serializers.IntegerField(help_text="Of those, cancelled by the client.")
    attempts = serializers.IntegerField(help_text="Tries at upstreams.")
    attempt_failures = serializers.IntegerField()
    input_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()
    cost_usd = Dollars(allow_null=True, help_text="What is known; null where nobody knows any of it.")
    unknown_costs = serializers.IntegerField(help_text="Requests whose cost nobody told us.")
    latency_p50_ms = serializers.FloatField(allow_null=True)
    latency_p95_ms = serializers.FloatField(allow_null=True)


@extend_schema_field({"oneOf": [{"type": "number"}, {"type": "string", "format": "decimal"}]})
class ValueField(serializers.Field[Any, Any, Any, Any]):
    """Of whatever the measure is."""


class StepSerializer(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    value = ValueField(allow_null=True, help_text="Of the cost, dollars as a text.")


class TargetFiguresSerializer(FiguresSerializer):
    alias = serializers.CharField(
        help_text=f"{DIRECT}: asked for as provider/model. {UNRESOLVED}: refused, or left, before any was found."
    )
    target = serializers.CharField(allow_blank=True, help_text="provider/model; empty: none.")


class StatisticsSerializer(serializers.Serializer[Any]):
    period = serializers.ChoiceField(choices=[*periods.PERIODS])
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    step_seconds = serializers.IntegerField()
    measure = serializers.ChoiceField(choices=[*MEASURES])
    total = FiguresSerializer()
    before = FiguresSerializer(help_text="Of the same stretch one period earlier.")
    steps = StepSerializer(many=True, help_text="The measure over time.")
    targets = TargetFiguresSerializer(many=True)


def figures_of(sums: Sums) -> dict[str, Any]:  # Any: JSON
    return {
        **{name: int(sums[name] or 0) for name in (*COUNTED, "input_tokens", "output_tokens", "unknown_costs")},
        "cost_usd": told_usd(sums),
        "latency_p50_ms": _percentile_ms(sums, 0.5),
        "latency_p95_ms": _percentile_ms(sums, 0.95),
    }


def _percentile_ms(sums: Sums, share: float) -> float | None:
    """In tenths: what lies between two bounds is an estimate."""
    found = latency.percentile_ms(sums, share)
    return None if found is None else round(found, 1)


def scope_asked_for(query: Any) -> Scope:  # Any: Django's own
    """Raises Refused for a word that says nothing; the dashboard would rather show something."""
    period, measure = query.get("period", periods.DEFAULT.name), query.get("measure", "requests")
    target = query.get("target", "")[:LONGEST]
    wrong = [
        Wrong(pointer=f"?{name}", message=known_are(known), code="invalid_choice")
        for name, said, known in (("period", period, periods.PERIODS), ("measure", measure, MEASURES))
        if said not in known
    ]
    if target and "/" not in target:
        wrong.append(Wrong(pointer="?target", message="Write provider/model.", code="invalid"))
    if wrong:
        raise Refused(wrong)
    return Scope(period=periods.PERIODS[period], alias=query.get("alias", "")[:LONGEST], target=target, measure=measure)


def told_usd(sums: Sums) -> str | None:
    """As a request's own cost is written: `0.000135000000`."""
    exact = exact_usd(sums)
    return None if exact is None else Dollars().to_representation(exact)


def measured(measure: Measure, sums: Sums) -> float | str | None:
    if measure.unit == "usd":
        return told_usd(sums)
    value = measure.of(sums)
    return None if value is None else float(value)


class Statistics(ApiView):
    """The sums that the dashboard shows."""

    tag, guard = "history", {"GET": ["history.view_requestlog"]}
    parameters = {"GET": ["period", "alias", "target", "measure"]}
    serializer_class = StatisticsSerializer

    @extend_schema(
        parameters=[
            OpenApiParameter("period", enum=[*periods.PERIODS], description=f"Default: {periods.DEFAULT.name}."),
            OpenApiParameter("alias", OpenApiTypes.STR, description=f"A name, {DIRECT} or {UNRESOLVED}."),
            OpenApiParameter("target", {"type": "string", "pattern": "/"}, description="provider/model."),
            OpenApiParameter("measure", enum=[*MEASURES], description="What `steps` are of. Default: requests."),
        ]
    )
    def get(self, request: Request) -> Response:
        """Read the sums of a period, over time and per target."""
        scope = scope_asked_for(request.query_params)
        found = numbers(scope, timezone.now().replace(microsecond=0))  # buckets begin at whole seconds
        window, measure = found["window"], MEASURES[scope.measure]
        return Response(
            {
                "period": scope.period.name,
                "start": window.start,
                "end": window.end,
                "step_seconds": window.step // timedelta(seconds=1),
                "measure": scope.measure,
                "total": figures_of(found["total"]),
                "before": figures_of(found["before"]),
                "steps": [
                    {"start": start, "value": measured(measure, sums)}
                    for start, sums in zip(window.steps, found["steps"], strict=True)
                ],
                "targets": [
                    {"alias": alias_of(row), "target": target_of(row), **figures_of(row)} for row in found["by_target"]
                ],
            }
        )


paths = [path("statistics", Statistics.as_view(), name="statistics")]
