"""Users and groups in the admin: nobody passes on more than they have."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from tests.admin_pages import a_member_of_staff, an_administrator, errors_of, send_form, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk() -> Client:
    """May make and change users and groups, and look at aliases."""
    rights = [f"auth.{verb}_{kind}" for verb in ("view", "add", "change", "delete") for kind in ("user", "group")]
    return a_member_of_staff(*rights, "routing.view_alias")


@pytest.fixture
def bob() -> User:
    return User.objects.create_user("bob", is_staff=True)


def page_of(row: User | Group) -> str:
    return f"/admin/auth/{row._meta.model_name}/{row.pk}/change/"


def the_right(codename: str) -> int:
    return Permission.objects.get(codename=codename).pk


def the_role(name: str) -> int:
    return Group.objects.get(name=name).pk


def test_a_right_of_ones_own_is_passed_on(clerk: Client, bob: User) -> None:
    send_form(clerk, page_of(bob), user_permissions=[the_right("view_alias")])

    assert bob.has_perm("routing.view_alias")


def test_a_right_that_one_lacks_is_not_passed_on(clerk: Client, bob: User) -> None:
    answer = send_form(clerk, page_of(bob), user_permissions=[the_right("delete_provider")])

    assert errors_of(answer)["user_permissions"] == ["You have no such rights yourself: providers.delete_provider."]
    assert not bob.has_perm("providers.delete_provider")


def test_nor_is_a_role_that_has_more_rights(clerk: Client, bob: User) -> None:
    answer = send_form(clerk, page_of(bob), groups=[the_role("administrator")])

    assert "You have no such rights yourself" in errors_of(answer)["groups"][0]
    assert not bob.groups.exists()


def test_nor_does_a_group_get_them(clerk: Client) -> None:
    group = Group.objects.create(name="friends")

    answer = send_form(clerk, page_of(group), permissions=[the_right("delete_provider")])

    assert "providers.delete_provider" in errors_of(answer)["permissions"][0]
    assert not group.permissions.exists()


def test_what_somebody_has_already_stays_when_another_field_changes(clerk: Client, bob: User) -> None:
    bob.groups.add(the_role("operator"))

    send_form(clerk, page_of(bob), first_name="Bob")

    assert User.objects.get(username="bob").first_name == "Bob"
    assert bob.groups.get().name == "operator"


def test_nobody_makes_a_superuser_who_is_none(clerk: Client, bob: User) -> None:
    send_form(clerk, page_of(bob), is_superuser="on")

    assert not User.objects.get(username="bob").is_superuser


@pytest.mark.parametrize("way", ["change/", "password/", "delete/"])
def test_a_superusers_account_is_a_superusers_business(clerk: Client, way: str) -> None:
    an_administrator("root")
    root = User.objects.get(username="root")
    address = f"/admin/auth/user/{root.pk}/{way}"

    answer: Any = clerk.post(address, {"post": "yes", "password1": "Tr0ub4dor-x", "password2": "Tr0ub4dor-x"})

    assert answer.status_code == 403
    assert User.objects.get(username="root").password == root.password


def test_a_superuser_gives_anything(bob: User) -> None:
    send_form(an_administrator(), page_of(bob), is_superuser="on", groups=[the_role("administrator")])

    assert User.objects.get(username="bob").is_superuser
    assert "administrator" in text_of(an_administrator("other").get(page_of(bob)))
