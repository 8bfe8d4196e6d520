"""The input of extra headers: secret values go in, and come back as “stored”, or as a request to type them again."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from providers.admin.header_rows import HeaderRow, HeaderRowsWidget
from providers.extra_headers import STORED, objection_to_references, shown, stands_in_clear
from providers.models.provider import objection_to_headers


@dataclass(frozen=True, slots=True, kw_only=True)
class EnteredHeaders:
    """What somebody entered: see `Provider.enter_headers`."""

    typed: Mapping[str, str]
    kept: Sequence[str]


class HeadersField(forms.Field):
    """Names and values, a row each. What is wrong with one stands in its row."""

    widget = HeaderRowsWidget

    stored: Mapping[str, str] = {}
    """The headers of the row in the database, as they are stored."""

    def clean(self, value: Sequence[HeaderRow] | None) -> EnteredHeaders | None:
        """None where the form did not have them. Raises ValidationError."""
        if value is None:
            return None
        rows = [row for row in judged(value, self.stored) if row.counts]
        if wrong := sum(1 for row in rows if row.problem):
            said = "One of the headers" if wrong == 1 else f"{wrong} of the headers"
            raise ValidationError(f"{said} cannot be saved: the reason stands under it.", code="invalid_header")
        kept = [row.name for row in rows if keeps(row, self.stored)]
        return EnteredHeaders(typed={row.name: row.value for row in rows if row.name not in kept}, kept=kept)

    def prepare_value(self, value: Any) -> list[HeaderRow]:
        """The rows to show: of headers as `shown` tells them, or as they were sent. Any: Django's own signature."""
        if isinstance(value, Mapping):
            return [_of_stored(name, said) for name, said in value.items()]
        return [_without_secret(row) for row in judged(value or (), self.stored) if not row.is_blank]

    def has_changed(self, initial: Any, data: Sequence[HeaderRow] | None) -> bool:
        """`initial`: as `shown` tells them. Any: Django's own signature."""
        if data is None:
            return False
        now = shown(self.stored)
        rows = [row for row in data if row.counts]
        return {row.name: now[row.name] if keeps(row, self.stored) else row.value for row in rows} != (initial or {})


def keeps(row: HeaderRow, stored: Mapping[str, str]) -> bool:
    """Whether the value stays as it is stored. That of another name is not taken over: it is typed again."""
    if row.name not in stored:
        return False
    if row.value:
        return row.value == STORED
    return not row.is_lost and (row.stored_as == row.name or stored[row.name] == "")


def judged(rows: Iterable[HeaderRow], stored: Mapping[str, str]) -> Iterator[HeaderRow]:
    """The rows, each with what is wrong with it."""
    taken: set[str] = set()
    for row in rows:
        wrong, problem = _objection(row, stored, taken) if row.counts else ("", "")
        yield replace(row, wrong=wrong, problem=problem)
        taken |= {row.name.lower()} if row.counts else set()


def _objection(row: HeaderRow, stored: Mapping[str, str], taken: Collection[str]) -> tuple[str, str]:
    """Which input is wrong, and why; two empty texts for none."""
    if problem := _objection_to_name(row.name, taken):
        return "name", problem
    if problem := _objection_to_value(row, stored):
        return "value", problem
    return "", ""


def _objection_to_name(name: str, taken: Collection[str]) -> str | None:
    if not name:
        return "Name this header, or remove it."
    if name.lower() in taken:
        # One of the two would be sent: on the wire names are in lower case.
        return f"“{name}” is here twice, since upper and lower case make no difference. Remove one."
    return objection_to_headers({name: ""})


def _objection_to_value(row: HeaderRow, stored: Mapping[str, str]) -> str | None:
    is_kept = keeps(row, stored)
    if row.is_lost and not row.value:
        return f"Type the value of “{row.name}” again: it is not shown."
    if not is_kept and row.value in ("", STORED):
        return f"No value of “{row.name}” is stored. Type it."
    header = {row.name: stored[row.name] if is_kept else row.value}
    referring = objection_to_references(header)
    return objection_to_headers(header) or (referring[1] if referring else None)


def _of_stored(name: str, said: str) -> HeaderRow:
    return HeaderRow(name=name, stored_as=name) if said == STORED else HeaderRow(name=name, value=said)


def _without_secret(row: HeaderRow) -> HeaderRow:
    """As it may come back with the form that it was typed into."""
    if not row.value or row.value == STORED or stands_in_clear(row.name, row.value):
        return row
    return replace(row, value="", stored_as="", is_lost=True)
