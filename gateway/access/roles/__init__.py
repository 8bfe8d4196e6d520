"""The roles that come with Plexus, as one table: role -> what whoever is in the group of that name may do.

A permission is written as `app.codename`, with `*` for any part of it. A role is a group of Django's like any other: what it
may do can be looked up in the admin, and a cut of one's own is a group of one's own.
"""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final

ROOMS: Final = ("providers", "routing", "gateway", "history")

ROLES: Final[Mapping[str, Sequence[str]]] = {
    "administrator": tuple(f"{app}.*" for app in (*ROOMS, "auth")),
    "operator": (
        *("providers.*", "routing.*", "gateway.*_clientkey", "gateway.*_upstreamhealth", "gateway.*_configuration"),
        *("gateway.view_*", "history.view_*", "auth.view_user"),
    ),
    "auditor": tuple(f"{app}.view_*" for app in (*ROOMS, "auth")),
    "key owner": ("gateway.view_own_clientkey", "gateway.renew_own_clientkey"),
}
"""An operator configures; an auditor reads everything and changes nothing; a key owner sees own keys and own requests only."""


def granted_to(role: str, permissions: Iterable[str]) -> list[str]:
    """Those of `permissions` (`app.codename`) that the role has."""
    return [name for name in permissions if any(fnmatchcase(name, pattern) for pattern in ROLES[role])]
