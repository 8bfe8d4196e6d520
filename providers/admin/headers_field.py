"""The input of extra headers: secret values go in, and come back as the word “stored”, or as a request to type them again."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput

from providers.extra_headers import STORED, in_clear, shown
from providers.models import Provider

TYPE_AGAIN: Final = "type it again"
"""In the place of a value that was typed into a form which was refused: no page comes back with a secret in it."""


class HeadersField(forms.JSONField):
    """Names and values, as JSON."""

    stored: Mapping[str, str] = {}
    """The headers of the row, as they are stored."""

    def prepare_value(self, value: Any) -> Any:  # Any: Django's own signature
        # What is no JSON cannot be masked, and may hold a secret all the same.
        return super().prepare_value(masked(shown(self.stored) if isinstance(value, InvalidJSONInput) else value))


def masked(value: object) -> object:
    """Headers as they may come back with the form that they were typed into."""
    if not isinstance(value, Mapping):
        return {}
    may_be_shown = in_clear(value)
    return {name: STORED if said == STORED else may_be_shown.get(name, TYPE_AGAIN) for name, said in value.items()}


def entered_headers(provider: Provider, typed: Mapping[str, Any]) -> dict[str, str]:
    """The headers to store. Raises ValidationError."""
    for name, value in typed.items():
        if value == TYPE_AGAIN:
            raise ValidationError(f"Type the value of “{name}” again: it is not shown.", code="typed_again")
        if value == STORED and name not in provider.extra_headers:
            raise ValidationError(f"No value of “{name}” is stored. Type it.", code="nothing_stored")
    kept = [name for name, value in typed.items() if value == STORED]
    return provider.enter_headers({name: value for name, value in typed.items() if name not in kept}, kept)
