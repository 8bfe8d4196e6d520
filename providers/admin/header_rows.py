"""Extra headers as rows of a form: each a name and a value. Without scripts two empty rows take new ones, and a box removes one.

static/plexus/header_rows.js adds more rows, and puts buttons in the place of the boxes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from providers.admin.unfolded import TextWidget
from providers.extra_headers import STORED, stands_in_clear

EMPTY_ROWS: Final = 2
IN_TEMPLATE: Final = "__place__"
"""Stands for the place in the row that a script copies."""
KEPT: Final = "stored; kept unless you type another"
TYPE_AGAIN: Final = "type it again: it is not shown"
AROUND_A_VALUE: Final = " \t"
"""No part of a header's value (RFC 9110, 5.5); line ends are not among it, and refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderRow:
    """A row as it was sent, or as it is shown."""

    name: str = ""
    value: str = ""
    stored_as: str = ""
    """The name of the stored header whose value stands behind this row, as long as nothing is typed."""
    is_lost: bool = False
    """Its value was typed into a form that was refused, and came back without it: no page holds a secret."""
    is_removed: bool = False
    wrong: str = ""
    """What is wrong with it: “name”, “value”, or nothing."""
    problem: str = ""

    @property
    def is_blank(self) -> bool:
        return not (self.name or self.value or self.stored_as or self.is_lost)

    @property
    def counts(self) -> bool:
        return not self.is_blank and not self.is_removed


class HeaderRowsWidget(forms.Widget):
    """Inputs `<field>-<place>-name` and `-value`, with what else says how they are meant."""

    class Media:
        js = ["plexus/header_rows.js"]

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[HeaderRow] | None:
        """None where the form had no such rows. Any: Django's own signature."""
        return None if self.value_omitted_from_data(data, files, name) else rows_sent(data, name)

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        """Of a form whose rows were all removed this is all that is sent. Any: Django's own signature."""
        return f"{name}-rows" not in data

    def id_for_label(self, id_: str) -> str:
        return f"{id_}-0-name" if id_ else id_

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """`value`: the rows. Any: Django's own signature."""
        rows = [*(value or ()), *[HeaderRow()] * EMPTY_ROWS]
        context = {
            "field": name,
            "rows": [shown_row(name, place, row) for place, row in enumerate(rows)],
            "next": len(rows),
            "in_template": shown_row(name, IN_TEMPLATE, HeaderRow()),
        }
        return render_to_string("admin/providers/header_rows.html", context)


def rows_sent(data: Mapping[str, Any], field: str) -> list[HeaderRow]:
    """In the order of their places; those of rows that were removed are missing."""
    named = (re.fullmatch(rf"{re.escape(field)}-([0-9]{{1,6}})-name", key) for key in data)
    places = sorted({match[1] for match in named if match}, key=int)
    return [_row_sent(data, f"{field}-{place}") for place in places]


def _row_sent(data: Mapping[str, Any], at: str) -> HeaderRow:
    return HeaderRow(
        name=str(data.get(f"{at}-name", "")).strip(),
        value=str(data.get(f"{at}-value", "")).strip(AROUND_A_VALUE),
        stored_as=str(data.get(f"{at}-stored_as", "")),
        is_lost=f"{at}-is_lost" in data,
        is_removed=f"{at}-is_removed" in data,
    )


def types_a_secret(data: Mapping[str, Any], field: str) -> bool:
    """Whether a value was typed that no page may bring back; also in a row that is removed. Any: a request's own type."""
    places = [key.removesuffix("-value") for key in data if key.startswith(f"{field}-") and key.endswith("-value")]
    rows = [_row_sent(data, at) for at in places]
    return any(row.value != STORED and not stands_in_clear(row.name, row.value) for row in rows)


def shown_row(field: str, place: int | str, row: HeaderRow) -> dict[str, Any]:
    """What the template needs of a row. Any: words, booleans and inputs."""
    at = f"{field}-{place}"
    return {
        "at": at,
        "row": row,
        "name": _input(at, "name", row, label="Name of a header", placeholder="Name, such as X-Team"),
        "value": _input(at, "value", row, label=f"Value of {row.name or 'the header'}", placeholder=_placeholder(row)),
    }


def _placeholder(row: HeaderRow) -> str:
    if row.is_lost:
        return TYPE_AGAIN
    return KEPT if row.stored_as else "$TEAM_KEY, or the value itself"


def _input(at: str, part: str, row: HeaderRow, *, label: str, placeholder: str) -> SafeString:
    attrs = {
        "id": f"id_{at}-{part}",
        "aria-label": label,
        "placeholder": placeholder,
        "autocomplete": "off",
        "spellcheck": "false",
    }
    if row.wrong == part:
        attrs |= {"aria-invalid": "true", "aria-describedby": f"id_{at}-problem"}
    return TextWidget().render(f"{at}-{part}", row.name if part == "name" else row.value, attrs)
