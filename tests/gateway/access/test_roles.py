"""The groups that come with Plexus, as migrations and `manage.py make_roles` make them."""

import io

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command

from gateway.access.roles import ROLES, granted_to

pytestmark = pytest.mark.django_db


def permissions_of(role: str) -> set[str]:
    """As `app.codename`."""
    rows = Group.objects.get(name=role).permissions.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in rows}


def make_roles() -> str:
    out = io.StringIO()
    call_command("make_roles", stdout=out)
    return out.getvalue()


def test_a_migrated_database_has_every_role() -> None:
    assert [group.name for group in Group.objects.order_by("name")] == sorted(ROLES)
    assert make_roles() == "Nothing to do: every role has its permissions.\n"


def test_what_is_missing_is_added_and_said() -> None:
    Group.objects.get(name="key owner").delete()
    Group.objects.get(name="operator").permissions.remove(Permission.objects.get(codename="add_alias"))

    said = make_roles().splitlines()

    assert said == [
        "Completed the role “operator”: 1 permission added.",
        "Made the role “key owner”: 2 permissions added.",
    ]
    assert "routing.add_alias" in permissions_of("operator")


def test_what_an_administrator_gave_a_role_stays() -> None:
    extra = Permission.objects.get(codename="view_alias")
    Group.objects.get(name="key owner").permissions.add(extra)

    make_roles()

    assert "routing.view_alias" in permissions_of("key owner")


def test_an_auditor_changes_nothing() -> None:
    verbs = {name.split(".")[1].split("_")[0] for name in permissions_of("auditor")}

    assert verbs == {"view"}


def test_an_operator_configures_and_does_not_make_users() -> None:
    granted = permissions_of("operator")

    assert {"routing.change_alias", "providers.delete_provider", "gateway.add_clientkey"} <= granted
    assert {"gateway.import_configuration", "gateway.clear_upstreamhealth", "history.view_requestlog"} <= granted
    assert {name for name in granted if name.startswith("auth.")} == {"auth.view_user"}


def test_a_key_owner_has_two_permissions() -> None:
    assert permissions_of("key owner") == {"gateway.view_own_clientkey", "gateway.renew_own_clientkey"}


def test_a_member_of_a_role_may_what_the_role_may() -> None:
    user = User.objects.create_user("ada")
    user.groups.add(Group.objects.get(name="operator"))

    assert user.has_perm("routing.change_alias")
    assert not user.has_perm("auth.change_user")


def test_a_pattern_stands_for_whole_names_only() -> None:
    assert granted_to("auditor", ["routing.view_alias", "routing.change_alias", "sessions.view_session"]) == [
        "routing.view_alias"
    ]
