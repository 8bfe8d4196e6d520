"""Whoever owns keys sees these and what was asked with them, and nothing of anybody else's, on every page."""

from datetime import UTC, datetime
from secrets import randbits
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from gateway.access.visibility import visible_keys, visible_requests
from gateway.models import ClientKey
from history.ids import RANDOM_BITS, new_id
from history.models import RequestLog
from tests.admin_pages import text_of

pytestmark = pytest.mark.django_db


def somebody(name: str, *roles: str) -> User:
    user = User.objects.create_user(name, is_staff=True)
    user.groups.set(Group.objects.filter(name__in=roles))
    return user


def a_key(name: str, owner: User | None = None) -> ClientKey:
    key = ClientKey(name=name, owner=owner)
    key.make()
    key.save()
    return key


def a_request_with(key: ClientKey, asked_for: str) -> RequestLog:
    now = datetime.now(UTC)
    return RequestLog.objects.create(
        id=UUID(new_id(now.timestamp(), randbits(RANDOM_BITS))), started_at=now, key_id=key.pk, key_name=key.name,
        api_type="chat", requested_model=asked_for, alias=asked_for, outcome="ok", status=200, latency_ms=1.0,
    )  # fmt: skip


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def ada() -> User:
    return somebody("ada", "key owner")


@pytest.fixture
def ours(ada: User) -> ClientKey:
    return a_key("ada's key", ada)


@pytest.fixture
def theirs() -> ClientKey:
    return a_key("bob's key", somebody("bob", "key owner"))


def test_an_owner_sees_own_keys_and_own_requests(ada: User, ours: ClientKey, theirs: ClientKey) -> None:
    mine, _ = a_request_with(ours, "mine"), a_request_with(theirs, "secret-project")

    assert list(visible_keys(ada)) == [ours]
    assert list(visible_requests(ada)) == [mine]


@pytest.mark.parametrize("role", ["administrator", "operator", "auditor"])
def test_the_other_roles_see_all(role: str, ours: ClientKey, theirs: ClientKey) -> None:
    user = somebody("eve", role)
    a_request_with(ours, "mine"), a_request_with(theirs, "secret-project")

    assert visible_keys(user).count() == 2
    assert visible_requests(user).count() == 2


def test_nobody_without_a_role_sees_anything(ours: ClientKey) -> None:
    a_request_with(ours, "mine")
    nobody = somebody("nobody")

    assert not visible_keys(nobody).exists()
    assert not visible_requests(nobody).exists()


def test_the_requests_of_an_earlier_key_of_that_name_are_not_shown(ada: User) -> None:
    earlier = a_key("shared name")
    a_request_with(earlier, "secret-project")
    earlier.delete()
    a_key("shared name", ada)

    assert not visible_requests(ada).exists()


def test_the_lists_of_an_owner_hold_nothing_of_others(ada: User, ours: ClientKey, theirs: ClientKey) -> None:
    a_request_with(ours, "mine"), a_request_with(theirs, "secret-project")
    browser = browser_of(ada)

    keys = text_of(browser.get("/admin/gateway/clientkey/"))
    requests = text_of(browser.get("/admin/history/requestlog/"))

    assert "ada&#x27;s key" in keys
    assert "mine" in requests
    for text in (keys, requests):
        assert "bob" not in text
        assert "secret-project" not in text


@pytest.mark.parametrize("what", ["change/", "history/", "delete/", "replace-secret/"])
def test_a_key_of_another_is_as_if_it_were_not_there(ada: User, theirs: ClientKey, what: str) -> None:
    browser = browser_of(ada)

    there = browser.get(f"/admin/gateway/clientkey/{theirs.pk}/{what}")
    nowhere = browser.get(f"/admin/gateway/clientkey/{theirs.pk + 999}/{what}")

    assert there.status_code == nowhere.status_code
    assert there.status_code != 200


def test_a_request_of_another_is_as_if_it_were_not_there(ada: User, theirs: ClientKey) -> None:
    request = a_request_with(theirs, "secret-project")

    page: Any = browser_of(ada).get(f"/admin/history/requestlog/{request.pk}/change/", follow=True)

    assert "secret-project" not in text_of(page)
    assert "There is no request" in text_of(page)


@pytest.mark.parametrize(
    "query", ["?key=bob's+key", "?q=secret-project", "?alias=secret-project", "?owner__id__exact=1"]
)
def test_no_filter_widens_what_an_owner_sees(ada: User, theirs: ClientKey, query: str) -> None:
    a_request_with(theirs, "secret-project")

    page = browser_of(ada).get(f"/admin/history/requestlog/{query}", follow=True)

    assert "/change/" not in text_of(page).partition('id="result_list"')[2]


def test_an_owner_has_no_numbers_of_all(ada: User) -> None:
    page: Any = browser_of(ada).get("/admin/")

    assert page.status_code == 200
    assert "dashboard" not in page.context
    assert "Client keys" in text_of(page)


def test_an_owner_replaces_the_secret_of_an_own_key_and_changes_nothing_else(ada: User, ours: ClientKey) -> None:
    browser = browser_of(ada)
    address = f"/admin/gateway/clientkey/{ours.pk}/change/"

    replaced: Any = browser.post(f"/admin/gateway/clientkey/{ours.pk}/replace-secret/")
    changed = browser.post(address, {"name": "wider", "access": "everything"})

    assert replaced.context["secret"].startswith("sk-plx-")
    assert "Replace secret" in text_of(browser.get(address))
    assert changed.status_code == 403
    assert ClientKey.objects.get(pk=ours.pk).name == "ada's key"
    assert ClientKey.objects.get(pk=ours.pk).digest != ours.digest


def test_an_owner_who_also_audits_replaces_own_secrets_only(theirs: ClientKey) -> None:
    both = browser_of(somebody("eve", "auditor", "key owner"))

    answer = both.post(f"/admin/gateway/clientkey/{theirs.pk}/replace-secret/")

    assert answer.status_code == 403
    assert ClientKey.objects.get().digest == theirs.digest


def test_search_for_anything_finds_own_keys_only(ada: User, ours: ClientKey, theirs: ClientKey) -> None:
    found = text_of(browser_of(ada).get("/admin/search/?s=key&extended=1"))

    assert "bob" not in found
    assert "ada" in found


def test_an_owner_is_offered_no_way_to_what_is_closed_to_them(ada: User, ours: ClientKey) -> None:
    page = text_of(browser_of(ada).get(f"/admin/gateway/clientkey/{ours.pk}/change/"))

    assert f"/admin/auth/user/{ada.pk}/" not in page
    assert f"/admin/gateway/clientkey/{ours.pk}/history/" not in page


@pytest.mark.parametrize("role", ["operator", "auditor"])
def test_others_are_shown_the_way_to_what_was_changed_in_a_key(role: str, ours: ClientKey) -> None:
    page = text_of(browser_of(somebody("rob", role)).get(f"/admin/gateway/clientkey/{ours.pk}/change/"))

    assert f"/admin/gateway/clientkey/{ours.pk}/history/" in page
