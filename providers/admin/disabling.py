"""Before something in use is disabled on a page of the admin, another page says what that will break, and asks."""

import re
from collections.abc import Iterator
from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from providers.consequences import Deed, foreseen
from providers.extra_headers import holds_a_secret

SECRET_FIELDS = {"credential", "digest", "password", "extra_headers"}
CONFIRMED = "_disable"
"""Comes back with the form once the person has said yes."""


def question(request: HttpRequest, rows: Iterator[Model], context: dict[str, Any]) -> HttpResponse | None:
    """The page that asks, with all that was sent in it; None where nothing breaks, or the answer was yes.

    `rows`: those that the form that was sent would disable, as they still are.
    """
    if CONFIRMED in request.POST:
        return None
    told = [(row, sentences) for row in rows if (sentences := foreseen(row, Deed.DISABLING))]
    if not told:
        return None
    sent = [(name, value) for name, values in request.POST.lists() for value in values if name != "csrfmiddlewaretoken"]
    # A page never comes back with a secret in it, so one that was typed cannot wait here for the answer.
    has_secret = any(_is_secret(name.rpartition("-")[2], value) for name, value in sent)
    shown = {"title": "Disable what is in use?", "told": told, "confirmed": CONFIRMED}
    context = {**context, **shown, "sent": [] if has_secret else sent, "has_secret": has_secret}
    return TemplateResponse(request, "admin/disable_confirmation.html", context)


def _is_secret(field: str, value: str) -> bool:
    """Whether this was typed and may not come back. Headers whose values stay as they are may."""
    if field == "extra_headers":
        return bool(value) and holds_a_secret(value)
    return bool(value) and field in SECRET_FIELDS


def left_off(request: HttpRequest, prefix: str, rows: QuerySet[Any]) -> Iterator[Model]:
    """The enabled rows of a formset that come back with an empty “enabled” box; a browser sends nothing for one."""
    for name, id in request.POST.items():
        place = re.fullmatch(rf"({re.escape(prefix)}-\d+)-id", name)
        was_shown_off = request.POST.get(f"initial-{place[1]}-enabled") == "False" if place else False
        if place and str(id).isdecimal() and f"{place[1]}-enabled" not in request.POST and not was_shown_off:
            yield from rows.filter(pk=int(str(id)), enabled=True)
