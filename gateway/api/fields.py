"""Fields that take what their type says and nothing that merely looks like it: "5" is no number, and 1 is not true."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

Sent = Any  # Any: whatever a body says


class Text(serializers.CharField):
    def __init__(self, **kwargs: Any) -> None:  # Any: DRF's own
        super().__init__(**{"trim_whitespace": False, **kwargs})

    def to_internal_value(self, data: Sent) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Flag(serializers.BooleanField):
    def to_internal_value(self, data: Sent) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input="")
        return data


class Whole(serializers.IntegerField):
    def to_internal_value(self, data: Sent) -> int:
        if isinstance(data, bool) or not isinstance(data, int | float) or data != int(data):
            self.fail("invalid")
        return super().to_internal_value(int(data))


class Number(serializers.FloatField):
    def to_internal_value(self, data: Sent) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        try:
            return float(data)
        except OverflowError:
            self.fail("invalid")


class Milliseconds(Number):
    """To the microsecond: what a clock says beyond that is noise."""

    def to_representation(self, value: Any) -> Any:  # Any: DRF's floats are texts to its types
        return round(float(value), 3)


@extend_schema_field({"type": "number", "minimum": 0, "exclusiveMaximum": 1_000_000})
class Price(Number):
    """US dollars per million tokens. Twelve digits fit a JSON number exactly."""

    def to_internal_value(self, data: Sent) -> Any:  # Any: DRF's floats are floats, ours is a Decimal
        number = Decimal(repr(super().to_internal_value(data)))
        if not 0 <= number < 1_000_000:
            raise serializers.ValidationError("A price is at least 0 and below 1,000,000.", code="invalid")
        return number

    def to_representation(self, value: Any) -> Any:  # Any: see above
        return float(value)


class Dollars(serializers.DecimalField):
    """US dollars that were spent, as a text: no reader makes a binary fraction of money unasked."""

    def __init__(self, **kwargs: Any) -> None:  # Any: DRF's own
        super().__init__(**{"max_digits": None, "decimal_places": 12, **kwargs})


class Moment(serializers.DateTimeField):
    """A time with its zone."""

    def to_internal_value(self, value: Sent) -> datetime:
        """In UTC: PostgreSQL takes no offset beyond 16 hours, which Python does."""
        try:
            moment = parse_datetime(value) if isinstance(value, str) and "T" in value.upper() else None
            if moment is not None and moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            pass  # 30 February, or beyond the year 9999
        raise serializers.ValidationError("Write a time with its zone: 2026-12-31T23:59:59Z.", code="invalid")


STRICT: dict[type[Any], type[serializers.Field[Any, Any, Any, Any]]] = {
    serializers.CharField: Text,
    serializers.BooleanField: Flag,
    serializers.IntegerField: Whole,
    serializers.FloatField: Number,
    serializers.DecimalField: Price,
    serializers.DateTimeField: Moment,
}
"""DRF's class -> ours."""
