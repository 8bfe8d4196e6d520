"""Who goes along with every change that is made in the admin: routing and providers do not know who records them."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from django.db.models import Model
from django.http import HttpRequest, HttpResponse

Companion = Callable[[HttpRequest], AbstractContextManager[object]]
"""Entered before a change is checked, in its transaction; left when it is saved. An exception takes the change back."""

COMPANIONS: list[Companion] = []
"""Entered in turn. Whoever wants to go along adds itself when the pages of the admin are registered."""

HISTORY: list[Callable[[HttpRequest, Model], HttpResponse]] = []
"""Whoever knows what was changed in a row answers its history button. With nobody here, Django does."""
