"""Fields of a target that most targets leave empty: each folded into a few words in its row, which unfold when clicked.

static/routing/folded.js lets what unfolds float above the table, and keeps the words up to date.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from providers.admin.configuration import shortened
from providers.admin.unfolded import CheckboxesWidget, NumberWidget
from routing import conditions
from routing.models import TIME_LIMITS, Target

NOTHING = "–"
ALL = 99
"""For whoever may only look: nothing unfolds there."""
TIME_LIMIT_LABELS = {
    "connect_timeout_seconds": "connect",
    "first_byte_timeout_seconds": "first byte",
    "idle_timeout_seconds": "idle",
    "answer_timeout_seconds": "whole answer",
}
"""Field -> what is waited for."""


class ConditionsWidget(CheckboxesWidget):
    """Checkboxes, folded."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:  # Any: Django's own
        boxes = super().render(name, value, attrs, renderer)
        return folded(conditions_told(value or ()), boxes, help_text="Asked only after another target had …")


class TimeLimitsWidget(forms.MultiWidget):
    """A number of seconds for each of TIME_LIMITS, folded."""

    def __init__(self) -> None:
        super().__init__([NumberWidget(attrs={"step": "any", "min": "0", "placeholder": "s"}) for _ in TIME_LIMITS])

    def decompress(self, value: Sequence[float | None] | None) -> list[float | None]:
        return list(value or [None] * len(TIME_LIMITS))

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:  # Any: Django's own
        values = value if isinstance(value, list) else self.decompress(value)
        inputs = [
            widget.render(f"{name}_{place}", seconds, {**(attrs or {}), "id": f"id_{name}_{place}"}, renderer)
            for place, (widget, seconds) in enumerate(zip(self.widgets, values, strict=True))
        ]
        rows = format_html_join(
            "", "<label><span>{}</span>{}</label>", zip(TIME_LIMIT_LABELS.values(), inputs, strict=True)
        )
        return folded(time_limits_told(values), rows, help_text="In seconds. Empty: as the provider says.")


class TimeLimitsField(forms.MultiValueField):
    """The time limits of a target, in the order of TIME_LIMITS; None for each that is the provider's."""

    widget = TimeLimitsWidget

    def __init__(self, **kwargs: Any) -> None:  # Any: Django's own
        described = [Target._meta.get_field(name) for name in TIME_LIMITS]
        # A form's field has none of the model's rules, and a model judges what has a field of its own only.
        fields = [forms.FloatField(required=False, validators=field.validators) for field in described]  # type: ignore[union-attr]  # no relations
        super().__init__(fields, require_all_fields=False, **kwargs)

    def compress(self, data_list: Sequence[float | None]) -> list[float | None]:
        return list(data_list) or [None] * len(TIME_LIMITS)


def conditions_told(names: Iterable[str], limit: int = 1) -> str:
    """“too late +1”"""
    return shortened([conditions.LABELS.get(name, name) for name in names], limit=limit) or NOTHING


def time_limits_told(seconds: Iterable[object], limit: int = 1) -> str:
    """“first byte 2 s +1”"""
    given = zip(TIME_LIMIT_LABELS.values(), seconds, strict=True)
    said = [f"{label} {str(value).removesuffix('.0')} s" for label, value in given if value not in (None, "")]
    return shortened(said, limit=limit) or NOTHING


def folded(summary: str, inside: SafeString, *, help_text: str) -> SafeString:
    return format_html(
        '<details class="plexus-folded"><summary>{}</summary><div class="plexus-panel"><p>{}</p>{}</div></details>',
        summary,
        help_text,
        inside,
    )
