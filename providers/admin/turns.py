"""Who goes along with every change that is made in the admin: routing and providers do not know who records them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from django.db.models import Model
from django.http import HttpRequest, HttpResponse

Companion = Callable[[HttpRequest], AbstractContextManager[object]]
"""Entered before a change is checked, in its transaction; left when it is saved. An exception takes the change back."""

COMPANIONS: list[Companion] = []
"""Entered in turn. Whoever wants to go along adds itself when the pages of the admin are registered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Historian:
    """Who knows what was changed in a row."""

    answer: Callable[[HttpRequest, Model], HttpResponse]
    may_look: Callable[[HttpRequest], bool]
    """Whether it would answer this user at all. Nobody else is shown the button."""


HISTORY: list[Historian] = []
"""The first one answers the history button. With nobody here, Django does."""
