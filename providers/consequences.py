"""What deleting or disabling a row would break, in the words of those who know: routing is built on providers, not they on it."""

from collections.abc import Callable, Iterable
from enum import StrEnum

from django.db.models import Model


class Deed(StrEnum):
    """What is about to be done to a row."""

    DELETING = "deleting"
    DISABLING = "disabling"


Sayer = Callable[[Model, Deed], Iterable[str]]
"""A row as it still is -> whole sentences, the broken things by name. None where nothing breaks."""

SAYERS: list[Sayer] = []
"""Asked in turn. Whoever has something to say adds itself."""


def foreseen(row: Model, deed: Deed) -> tuple[str, ...]:
    """What everybody has to say of it, before it happens."""
    return tuple(sentence for say in SAYERS for sentence in say(row, deed))
