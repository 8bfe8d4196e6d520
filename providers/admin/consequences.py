"""What disabling one row means for others, in the words of those who know: routing is built on providers, not they on it."""

from collections.abc import Callable

from django.db.models import Model

Sayer = Callable[[Model], str]
"""A row that was just disabled -> sentences for whoever did it; empty where it changes nothing."""

SAYERS: list[Sayer] = []
"""Asked in turn. Whoever has something to say adds itself when the pages of the admin are registered."""


def of_disabling(row: Model) -> list[str]:
    return [sentence for say in SAYERS if (sentence := say(row))]
