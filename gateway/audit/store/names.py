"""The ids of all rows that were ever recorded by a name, and rows that are given an old name back."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Model, QuerySet, Value
from django.db.models.functions import Concat

from gateway.audit.contents import CLIENT_KEY
from gateway.models import ClientKey
from providers.models import Provider, ProviderModel
from routing.models import Alias, CustomRoute, PatternAlias

IDs = dict[str, dict[str, int]]
"""Kind -> name -> id, as `Contents.ids`."""
NAMED: Final[Mapping[str, tuple[type[Model], str]]] = {
    "provider": (Provider, "name"),
    "model": (ProviderModel, "name"),
    "alias": (Alias, "name"),
    "pattern": (PatternAlias, "pattern"),
    "route": (CustomRoute, "path"),
}
"""Kind -> the rows, and the field that holds their name. A rollback gives them their old name, and does not make them anew:
client keys and others point at them by id. Providers go first, since the names of models begin with theirs."""


def ids_now() -> IDs:
    keys = dict(ClientKey.objects.values_list("name", "pk"))
    return {kind: {name: pk for pk, name in _names(kind)} for kind in NAMED} | {CLIENT_KEY: keys}


def rename_back(then: Mapping[str, Mapping[str, int]]) -> None:
    """Give what was renamed its old name. Where that is taken, it is made anew by who comes after."""
    for kind in NAMED:
        waiting = _renamed(kind, then.get(kind, {}))
        while waiting:
            stuck = {pk: name for pk, name in waiting.items() if not _could_rename(kind, pk, name)}
            if len(stuck) == len(waiting):
                break
            waiting = stuck  # one that got its name back may have made room for them


def _renamed(kind: str, then: Mapping[str, int]) -> dict[int, str]:
    """Id -> the name of then, of rows that are still there and have another one."""
    if not then:
        return {}
    now = dict(_names(kind))
    return {pk: name for name, pk in then.items() if now.get(pk, name) != name}


def _could_rename(kind: str, pk: int, name: str) -> bool:
    """Do it, unless the name is taken. A model of another provider than then keeps the name that it has."""
    rows, field = NAMED[kind]
    row = rows._default_manager.get(pk=pk)
    if isinstance(row, ProviderModel):
        owner = f"{row.provider.name}/"
        if not name.startswith(owner):
            return False
        name = name.removeprefix(owner)
    setattr(row, field, name)
    try:
        with transaction.atomic():
            row.full_clean()
            row.save()
    except ValidationError:
        return False
    return True


def _names(kind: str) -> Iterator[tuple[int, str]]:
    rows, field = NAMED[kind]
    found: QuerySet[Any] = rows._default_manager.order_by()  # Any: of five models
    name = Concat(F("provider__name"), Value("/"), F("name")) if kind == "model" else F(field)
    yield from found.values_list("pk", name)
