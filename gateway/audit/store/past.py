"""What was changed in one object, under whatever name it had then."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet

from gateway.audit.models import ConfigChange
from gateway.interchange.difference import Deed

AT_ONCE = 500
NAME_FIELDS = ("name", "pattern", "path")
"""What holds the name of an object."""


def changes_of(kind: str, name: str) -> Iterator[ConfigChange]:
    """Of one object and what belongs to it, the newest first."""
    changes = ConfigChange.objects.filter(ever_called(kind, name)).select_related("revision")
    yield from changes.defer("revision__packed").order_by("-revision__number", "id").iterator(AT_ONCE)


def ever_called(kind: str, name: str) -> Q:
    """The changes of the object that has this name now: also those under the names that it had before.

    What had its name before it was given that name is another object.
    """
    found, older = Q(), Q()
    while (rename := _renamed_to(kind, name, older)) is not None:
        began = rename.revision.number
        found |= Q(of_name=name, revision__number__gte=began) & older
        name, older = old_name(rename, name), Q(revision__number__lt=began)
    return Q(of_kind=kind) & (found | (Q(of_name=name) & older))


def old_name(change: ConfigChange, new: str) -> str:
    """What the row was called before this change gave it the name `new`; empty where it did not."""
    is_update = change.deed == Deed.UPDATED
    return next((old for field, old, now in change.fields if is_update and field in NAME_FIELDS and now == new), "")


def _renamed_to(kind: str, name: str, older: Q) -> ConfigChange | None:
    """The newest change that gave the object itself this name."""
    renames: QuerySet[Any] = ConfigChange.objects.filter(older, of_kind=kind, kind=kind, of_name=name)
    renames = renames.filter(deed=Deed.UPDATED).exclude(name=name).select_related("revision")
    found = renames.defer("revision__packed").order_by("-revision__number")
    return next((one for one in found if old_name(one, name)), None)
