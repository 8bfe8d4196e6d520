"""Filters of lists. A parameter that nobody reads is refused: a filter with a typing error would return everything."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import CharField
from django_filters.rest_framework import ChoiceFilter, DjangoFilterBackend, Filter, FilterSet
from rest_framework.exceptions import NotFound
from rest_framework.exceptions import ValidationError as RestValidationError
from rest_framework.request import Request

from gateway.api.fields import Moment
from gateway.api.pointers import Wrong
from gateway.api.problems import Refused, UnknownParameter

NUL = "\0"


def check_parameters(request: Request, known: Iterable[str]) -> None:
    """Raises UnknownParameter, and Refused for a text that no database can look for."""
    known = sorted({*known})
    for name, values in request.query_params.lists():
        if name not in known:
            shown = name[:60].encode("unicode_escape").decode()
            raise UnknownParameter(f"There is no parameter “{shown}” here. Known are: {', '.join(known) or 'none'}.")
        if len(values) > 1:
            raise Refused([Wrong(pointer=f"?{name}", message="This stands here twice.", code="twice")])
        if any(NUL in value for value in values):
            raise Refused([Wrong(pointer=f"?{name}", message="A NUL is in no name.", code="null_characters")])


def check_address(named: Mapping[str, object]) -> None:
    """Raises NotFound for a name in the address that nothing has: PostgreSQL refuses to look for it."""
    if any(NUL in str(value) for value in named.values()):
        raise NotFound("A NUL is in no name.")


def known_are(words: Iterable[str]) -> str:
    """What whoever sent another word is told."""
    return f"Known are: {', '.join(words)}."


class OneOf(ChoiceFilter):  # type: ignore[misc]  # it ships no types
    """One word of a closed set. Any other would find nothing, which looks like an answer."""

    def __init__(self, words: Iterable[str], **options: Any) -> None:  # Any: django-filter's own
        words = [*words]
        told = {"invalid_choice": known_are(words)}
        super().__init__(choices=[(word, word) for word in words], error_messages=told, **options)


class FlagField(CharField):
    """true or false, and nothing that merely looks like it."""

    def to_python(self, value: Any) -> Any:  # Any: Django's own
        if value not in (None, "", "true", "false"):
            raise ValidationError("Write true or false.", code="invalid")
        return {"true": True, "false": False}.get(value)


class FlagFilter(Filter):  # type: ignore[misc]  # it ships no types
    """A truth."""

    field_class = FlagField


class MomentField(CharField):
    """A time with its zone, as bodies have it."""

    def to_python(self, value: Any) -> Any:  # Any: Django's own
        if not value:
            return None
        try:
            return Moment().to_internal_value(value)
        except RestValidationError as exc:
            raise ValidationError(str(exc.detail[0]), code="invalid") from exc  # type: ignore[index]  # a list


class MomentFilter(Filter):  # type: ignore[misc]  # it ships no types
    """An ISO 8601 time."""

    field_class = MomentField


class Filters(DjangoFilterBackend):  # type: ignore[misc]  # it ships no types
    """django-filter's, which tells a wrong value by the name of its parameter."""

    def filter_queryset(self, request: Request, queryset: "QuerySet[Any]", view: Any) -> "QuerySet[Any]":  # Any: DRF's
        filterset: FilterSet | None = self.get_filterset(request, queryset, view)
        if filterset is None:
            return queryset
        if not filterset.is_valid():
            raise Refused(
                [
                    Wrong(pointer=f"?{name}", message=str(error.messages[0]), code=error.code or "invalid")
                    for name, errors in filterset.errors.as_data().items()
                    for error in errors
                ]
            )
        filtered: QuerySet[Any] = filterset.qs
        return filtered
