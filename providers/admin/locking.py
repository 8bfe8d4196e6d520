"""Two people at one form: whoever saves second is told what the first one changed, and nothing is lost.

A form carries a stamp of what it showed. Where the row has another one by now, the form comes back with the news and with
all that was typed, and with the new stamp: whoever saves again has read it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db.models import Model
from django.http import HttpRequest

STAMP_FIELD = "_stamp"
WHAT_NOW = (
    "This was changed while you had it open, and nothing of yours is saved. Your input stands below: "
    "save again to put it in place of what is stored now, or reload the page to start from that."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Who knows the stamps of rows. From above, since providers and routing do not know who records changes."""

    stamp: Callable[[Model], str]
    """The same as long as nothing in the row and in what belongs to it changed; empty where nobody takes stamps of such rows."""
    since: Callable[[Model, str], Sequence[str]]
    """What was changed since the row had this stamp, and by whom: a sentence each."""


WITNESSES: list[Witness] = []
"""Whoever can tell adds itself when the pages of the admin are registered."""


def stamp_of(row: Model | None) -> str:
    """What a form of this row carries."""
    return next((stamp for one in WITNESSES if row is not None and (stamp := one.stamp(row))), "")


def news(request: HttpRequest, row: Model | None) -> list[str]:
    """What happened to the row since the form that was sent showed it. A form without a stamp asks for nothing."""
    shown = request.POST.get(STAMP_FIELD, "")
    if row is None or not shown or shown == stamp_of(row):
        return []
    return [WHAT_NOW, *(sentence for one in WITNESSES for sentence in one.since(row, shown))]
