"""What changing the configuration by a document takes: for each row that it changes, what changing that row by itself takes."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from gateway.interchange.difference import Change, Deed

OF_KIND: Final[Mapping[str, str]] = {
    "provider": "providers.provider",
    "address": "providers.endpoint",
    "model": "providers.providermodel",
    "provider alias": "routing.provideralias",
    "alias": "routing.alias",
    "synonym": "routing.synonym",
    "target": "routing.target",
    "pattern": "routing.patternalias",
    "route": "routing.customroute",
}
"""Kind of a change, as an import tells it -> the model that it writes."""
HasPerm = Callable[[str], bool]
"""Django's `has_perm`, of whoever wants to do it."""
OF_DEED: Final[Mapping[Deed, str]] = {Deed.CREATED: "add", Deed.UPDATED: "change", Deed.DELETED: "delete"}


def lacking(changes: Iterable[Change], has_perm: HasPerm) -> list[str]:
    """The permissions (`app.codename`) that somebody would need to make these changes row by row, and does not have."""
    needed = {_permission(OF_KIND[change.kind], OF_DEED[change.deed]) for change in changes}
    return sorted(name for name in needed if not has_perm(name))


def _permission(model: str, verb: str) -> str:
    """`routing.alias`, `add` -> `routing.add_alias`."""
    app, name = model.split(".")
    return f"{app}.{verb}_{name}"
