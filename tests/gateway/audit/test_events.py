"""Logins, users, groups and permissions leave an event, with who did it."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from gateway.audit.author import Author, Door, acting
from gateway.audit.events import Event, note_event
from gateway.audit.models import AuditEvent
from gateway.audit.signals import MOST_FAILED_LOGINS
from tests.admin_pages import an_administrator, send_form

pytestmark = pytest.mark.django_db
ANNA = Author(user_id=None, name="anna", door=Door.ADMIN, address="192.0.2.1")
LOGIN = "/admin/login/"


def events() -> list[tuple[str, str, str]]:
    return [(event.kind, event.subject, event.author_name) for event in AuditEvent.objects.order_by("id")]


def a_user() -> User:
    return User.objects.create_superuser("bert", password="correct horse")


def test_a_login_and_a_logout() -> None:
    a_user()
    browser = Client(REMOTE_ADDR="192.0.2.9")

    browser.post(LOGIN, {"username": "bert", "password": "correct horse"})
    browser.post(reverse("admin:logout"))

    assert events()[1:] == [("login", "bert", "bert"), ("logout", "bert", "bert")]
    assert AuditEvent.objects.order_by("-id")[0].address == "192.0.2.9"


def test_a_failed_login_keeps_names_that_exist_only() -> None:
    a_user()

    for name in ("bert", "correct horse"):
        Client().post(LOGIN, {"username": name, "password": "wrong"})

    assert events()[1:] == [
        ("login failed", "bert", "nobody"),
        ("login failed", "somebody who has no account", "nobody"),
    ]


def test_whoever_guesses_passwords_does_not_fill_the_disk() -> None:
    for _ in range(MOST_FAILED_LOGINS - 1):
        note_event(Event.LOGIN_FAILED, "bert", ANNA)

    for _ in range(3):
        Client().post(LOGIN, {"username": "bert", "password": "wrong"})

    assert AuditEvent.objects.filter(kind="login failed").count() == MOST_FAILED_LOGINS


def test_a_user_who_becomes_an_administrator() -> None:
    with acting(ANNA):
        user = User.objects.create_user("bert")
        user.is_superuser = True
        user.set_password("new")
        user.save()

    assert events() == [
        ("user made", "bert", "anna"),
        ("user changed", "bert", "anna"),
        ("password changed", "bert", "anna"),
    ]
    assert AuditEvent.objects.get(kind="user changed").details == {"is_superuser": "False → True"}
    assert "new" not in str([event.details for event in AuditEvent.objects.all()])


def test_a_login_changes_no_user() -> None:
    user = a_user()

    Client().force_login(user)

    assert [kind for kind, *_ in events()] == ["user made", "login"]


def test_permissions_given_and_taken() -> None:
    user, group = a_user(), Group.objects.create(name="operators")
    permission = Permission.objects.get(codename="change_alias")
    before = len(events())

    with acting(ANNA):
        group.permissions.add(permission)
        user.groups.set([group])
        user.groups.clear()

    assert events()[before:] == [
        ("permissions changed", "operators", "anna"),
        ("permissions changed", "bert", "anna"),
        ("permissions changed", "bert", "anna"),
    ]
    details = [event.details for event in AuditEvent.objects.order_by("id")][before:]
    assert details[0] == {"permissions given": "routing.change_alias"}
    assert details[1] == {"groups given": "operators"}


def test_a_user_changed_in_the_admin_is_the_administrators_doing() -> None:
    user = a_user()
    browser = an_administrator("anna")

    send_form(browser, reverse("admin:auth_user_change", args=[user.pk]), is_superuser=None)

    changed = AuditEvent.objects.get(kind="user changed")
    assert (changed.author_name, changed.subject) == ("anna", "bert")


def test_a_deleted_account_keeps_its_name() -> None:
    user = a_user()

    with acting(Author(user_id=user.pk, name="bert", door=Door.ADMIN, address="")):
        user.delete()

    assert events()[-1] == ("user deleted", "bert", "bert")
