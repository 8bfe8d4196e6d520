"""Before something in use is disabled on a page of the admin, or deleted within a form, another page says what that will break, and asks."""

import re
from collections.abc import Iterator
from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from providers.admin.deletion import in_the_way
from providers.admin.header_rows import types_a_secret
from providers.consequences import Deed, foreseen

VERBS = {Deed.DELETING: "delete", Deed.DISABLING: "disable"}
SECRET_FIELDS = {"credential", "digest", "password", "extra_headers"}
CONFIRMED = "_disable"
"""Comes back with the form once the person has said yes."""

Doomed = tuple[Model, Deed]
"""A row as it still is, and what the form that was sent would do to it."""


def question(request: HttpRequest, doomed: Iterator[Doomed], context: dict[str, Any]) -> HttpResponse | None:
    """The page that asks, with all that was sent in it; None where nothing breaks, or the answer was yes."""
    if CONFIRMED in request.POST:
        return None
    told = [(deed, row, sentences) for row, deed in doomed if (sentences := foreseen(row, deed))]
    if not told:
        return None
    sent = [(name, value) for name, values in request.POST.lists() for value in values if name != "csrfmiddlewaretoken"]
    # A page never comes back with a secret in it, so one that was typed cannot wait here for the answer.
    has_secret = types_a_secret(request.POST, "extra_headers") or any(
        value and name.rpartition("-")[2] in SECRET_FIELDS for name, value in sent
    )
    deeds = {deed for deed, _, _ in told}
    verb = " and ".join(word for deed, word in VERBS.items() if deed in deeds)
    shown = {"title": f"{verb.capitalize()} what is in use?", "verb": verb, "told": told, "confirmed": CONFIRMED}
    context = {**context, **shown, "sent": [] if has_secret else sent, "has_secret": has_secret}
    return TemplateResponse(request, "admin/disable_confirmation.html", context)


def left_off(request: HttpRequest, prefix: str, rows: QuerySet[Any]) -> Iterator[Doomed]:
    """The enabled rows of a formset that come back with an empty “enabled” box; a browser sends nothing for one."""
    for place, pk in _places(request, prefix):
        was_shown_off = request.POST.get(f"initial-{place}-enabled") == "False"
        if not was_shown_off and not {f"{place}-enabled", f"{place}-DELETE"} & request.POST.keys():
            yield from ((row, Deed.DISABLING) for row in rows.filter(pk=pk, enabled=True))


def crossed_out(request: HttpRequest, prefix: str, rows: QuerySet[Any]) -> Iterator[Doomed]:
    """The rows of a formset that are to be deleted. Not those that cannot be: the form says who is in the way."""
    for place, pk in _places(request, prefix):
        if f"{place}-DELETE" in request.POST:
            yield from ((row, Deed.DELETING) for row in rows.filter(pk=pk) if not in_the_way([row]))


def _places(request: HttpRequest, prefix: str) -> Iterator[tuple[str, int]]:
    """What the fields of each stored row of a formset begin with, and its id."""
    for name, id in request.POST.items():
        place = re.fullmatch(rf"({re.escape(prefix)}-\d+)-id", name)
        if place and str(id).isdecimal():
            yield place[1], int(str(id))
