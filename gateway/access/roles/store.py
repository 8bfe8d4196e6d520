"""EDGE: the table of roles -> groups in the database."""

from typing import Any

from django.apps import apps as current_apps
from django.apps.registry import Apps

from gateway.access.roles import ROLES, granted_to
from gateway.interchange.difference import counted


def make_roles(apps: Apps = current_apps) -> list[str]:
    """Make the groups that are missing, and give each what it lacks. Takes nothing away. Returns what was done, in words.

    `apps`: the models as they stand in the middle of a migration, or now.
    """
    groups = apps.get_model("auth", "Group").objects
    rows = apps.get_model("auth", "Permission").objects.values_list("content_type__app_label", "codename", "pk")
    ids = {f"{app}.{codename}": pk for app, codename, pk in rows}
    said = []
    for role in ROLES:
        group, is_new = groups.get_or_create(name=role)
        added = _give(group, {ids[name] for name in granted_to(role, ids)})
        if is_new or added:
            said.append(f"{'Made' if is_new else 'Completed'} the role “{role}”: {counted(added, 'permission')} added.")
    return said


def _give(group: Any, wanted: set[int]) -> int:  # Any: a group as it stands in the middle of a migration
    """How many of these permissions the group did not have."""
    missing = wanted - set(group.permissions.values_list("pk", flat=True))
    group.permissions.add(*missing)
    return len(missing)
