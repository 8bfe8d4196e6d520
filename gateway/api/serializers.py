"""What all serializers do alike: they refuse what they do not know, and leave rules over several rows to the models."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from gateway.api.fields import STRICT

MOST_INSIDE = 10_000
"""Targets of an alias, models of a provider."""
LEFT_OUT = ("UniqueValidator",)
"""The model asks the database itself, and says whose name it is."""


class StrictFields(serializers.Serializer[Any]):
    """Names every field of a body that nobody reads. Those that are only ever answered may come back, and change nothing."""

    def to_internal_value(self, data: Any) -> Any:  # Any: a body
        if isinstance(data, Mapping):
            unknown = [name for name in data if name not in self.fields]
            if unknown:
                message = f"There is no such field here. Known are: {', '.join(sorted(self.fields))}."
                raise serializers.ValidationError({name: [ErrorDetail(message, code="unknown")] for name in unknown})
        return super().to_internal_value(data)


class OfModel(StrictFields, serializers.ModelSerializer[Any]):
    """The fields of a model, with what each says of itself: type, choices, bounds and help.

    Rules over several rows are the model's own: its `full_clean()` has sentences for them.
    """

    serializer_field_mapping = {
        field: STRICT.get(kind, kind) for field, kind in serializers.ModelSerializer.serializer_field_mapping.items()
    }

    def get_validators(self) -> list[Any]:  # Any: DRF's own
        return []

    def build_standard_field(self, field_name: str, model_field: Any) -> Any:  # Any: DRF's own
        field, arguments = super().build_standard_field(field_name, model_field)
        validators = arguments.get("validators", ())
        kept = [one for one in validators if type(one).__name__ not in LEFT_OUT]
        if issubclass(field, STRICT[serializers.DecimalField]):
            arguments = {name: arguments[name] for name in ("required", "allow_null", "help_text") if name in arguments}
            return field, arguments
        return field, {**arguments, **({"validators": kept} if validators else {})}
