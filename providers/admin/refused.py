"""A form that was refused, as it comes back: what is wrong, each with the way to its field, and no more unfolded than that needs."""

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, cast

from django.contrib.admin.helpers import AdminForm, InlineAdminFormSet
from django.contrib.admin.utils import flatten
from django.forms import BaseForm
from django.forms.formsets import DELETION_FIELD_NAME
from django.utils.text import capfirst

FOLDED = "collapse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One sentence of the list at the top."""

    at: str
    """The id of the element that it is about."""
    label: str
    sentence: str


def mistakes(form: BaseForm, inlines: Iterable[InlineAdminFormSet]) -> list[Mistake]:
    """All but what stands above the whole form anyway, since it belongs to no field."""
    return [*_beside_fields(form, ""), *(found for inline in inlines for found in _within(inline))]


def _within(inline: InlineAdminFormSet) -> Iterator[Mistake]:
    formset = inline.formset
    noun = str(inline.opts.verbose_name)
    heading = capfirst(str(inline.opts.verbose_name_plural))
    for sentence in formset.non_form_errors():
        yield Mistake(at=f"{formset.prefix}-group", label=heading, sentence=str(sentence))
    for place, form in enumerate(formset.forms):
        where = f"{noun} {place + 1}"
        for sentence in form.non_field_errors():
            yield Mistake(at=f"{formset.prefix}-group", label=capfirst(where), sentence=str(sentence))
        yield from _beside_fields(form, f" ({where})" if len(formset.forms) > 1 else "")


def _beside_fields(form: BaseForm, where: str) -> Iterator[Mistake]:
    for bound in form:
        label = f"{capfirst(bound.label)}{where}"
        for sentence in bound.errors:
            yield Mistake(at=bound.id_for_label or bound.auto_id, label=label, sentence=str(sentence))


def unfold_touched(adminform: AdminForm) -> None:
    """Unfold the sections that hold a mistake, and those whose fields were filled in: what was typed is not hidden."""
    form = adminform.form
    touched = {*form.errors, *form.changed_data}
    adminform.fieldsets = [(name, _as_shown(options, touched)) for name, options in adminform.fieldsets]


def _as_shown(options: dict[str, Any], touched: set[str]) -> dict[str, Any]:  # Any: Django's own type is long
    classes: Sequence[str] = options.get("classes", ())
    if touched.isdisjoint(flatten(options["fields"])):
        return options
    return {**options, "classes": [name for name in classes if name != FOLDED]}


def keep(form: BaseForm) -> None:
    """Take back that this row of a formset is to be deleted, for when it comes back."""
    data = cast("dict[str, Any]", copy(form.data))  # what a browser sent cannot be changed, a copy of it can
    data.pop(form.add_prefix(DELETION_FIELD_NAME), None)
    form.data = data
