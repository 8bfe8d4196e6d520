"""The pages of client keys: a secret is seen once."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gateway.models import ClientKey, digest_of
from routing.models import Alias
from tests.admin_pages import a_member_of_staff, a_reader, an_administrator, errors_of, send_form, text_of
from tests.gateways import saved

pytestmark = pytest.mark.django_db

ADD = "/admin/gateway/clientkey/add/"
LIST = "/admin/gateway/clientkey/"


@pytest.fixture
def admin() -> Client:
    return an_administrator()


def a_key(name: str = "a key", **fields: Any) -> ClientKey:
    key = ClientKey(name=name, **fields)
    key.make()
    key.save()
    return key


def page_of(key: ClientKey) -> str:
    return f"/admin/gateway/clientkey/{key.pk}/change/"


def replacing(key: ClientKey) -> str:
    return f"/admin/gateway/clientkey/{key.pk}/replace-secret/"


def test_a_new_key_is_shown_on_the_page_that_answers(admin: Client) -> None:
    answer = send_form(admin, ADD, name="billing")

    secret = answer.context["secret"]
    assert ClientKey.objects.get(name="billing").digest == digest_of(secret)
    assert text_of(answer).count(secret) == 1
    assert "no-store" in answer.headers["Cache-Control"]


def test_the_way_to_a_key_has_the_name_that_the_sidebar_has(admin: Client) -> None:
    page: Any = admin.get(LIST)

    assert page.context["cl"].opts.app_config.verbose_name == "access"


def test_a_new_key_is_made_once(admin: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        send_form(admin, ADD, name="billing")

    written = [query["sql"] for query in queries if "gateway_clientkey" in query["sql"].partition("WHERE")[0]]
    assert not [sql for sql in written if sql.startswith("UPDATE")]


def test_a_new_key_is_kept_nowhere(admin: Client) -> None:
    secret = send_form(admin, ADD, name="billing").context["secret"]
    key = ClientKey.objects.get()

    kept = [str(session.get_decoded()) for session in Session.objects.all()]
    kept += [entry.change_message + entry.object_repr for entry in LogEntry.objects.all()]
    later = [text_of(admin.get(url)) for url in (LIST, page_of(key), f"/admin/gateway/clientkey/{key.pk}/history/")]

    assert not [text for text in kept + later if secret in text]


@pytest.mark.parametrize("who", [an_administrator, a_reader])
def test_no_page_holds_a_digest(who: Any) -> None:
    key = a_key()
    browser = who()

    for url in (LIST, page_of(key)):
        page = browser.get(url)
        assert page.status_code == 200
        assert key.digest not in text_of(page)
    assert browser.get(LIST, {"digest__startswith": key.digest[:3]}).status_code == 400


def test_a_key_is_restricted_as_it_is_made(admin: Client) -> None:
    fast = saved(Alias(name="fast"))

    send_form(admin, ADD, name="billing", access="listed", allowed_aliases=[fast.pk])

    key = ClientKey.objects.get()
    assert key.access == "listed"
    assert [str(alias) for alias in key.allowed_aliases.all()] == ["fast"]


def test_a_name_that_is_taken_is_said_beside_it_and_makes_no_key(admin: Client) -> None:
    a_key("billing")

    answer = send_form(admin, ADD, name="billing")

    assert errors_of(answer)["name"] == ["A key of this name already exists. Choose another name."]
    assert ClientKey.objects.count() == 1


def test_a_changed_key_keeps_its_secret(admin: Client) -> None:
    key = a_key()

    send_form(admin, page_of(key), name="renamed")

    assert ClientKey.objects.get(name="renamed").digest == key.digest


def test_a_secret_is_replaced_after_a_question(admin: Client) -> None:
    key = a_key()

    asked = admin.get(replacing(key))
    unchanged = ClientKey.objects.get().digest
    answer: Any = admin.post(replacing(key))

    assert "stops working at once" in text_of(asked)
    assert unchanged == key.digest
    assert ClientKey.objects.get().digest == digest_of(answer.context["secret"])
    assert answer.context["secret"] not in LogEntry.objects.get().change_message


def test_whoever_may_only_look_replaces_no_secret() -> None:
    key = a_key()
    reader = a_member_of_staff("gateway.view_clientkey")

    assert reader.post(replacing(key)).status_code == 403
    assert "Replace secret" not in text_of(reader.get(page_of(key)))
    assert ClientKey.objects.get().digest == key.digest


def test_the_list_tells_how_long_a_key_lasts(admin: Client) -> None:
    now = timezone.now()
    a_key("old", expires_at=now - timedelta(days=1))
    a_key("soon", expires_at=now + timedelta(days=2, hours=1))
    a_key("off", enabled=False)

    page = text_of(admin.get(LIST))

    for state in ("expired", "ends in 2", "disabled"):
        assert state in page


@pytest.mark.parametrize(
    ("expiry", "names"), [("expired", ["old"]), ("soon", ["soon"]), ("never", ["ever"]), ("bogus", [])]
)
def test_the_list_is_filtered_by_expiry(admin: Client, expiry: str, names: list[str]) -> None:
    now = timezone.now()
    a_key("old", expires_at=now - timedelta(days=1))
    a_key("soon", expires_at=now + timedelta(days=2))
    a_key("ever")

    page: Any = admin.get(LIST, {"expiry": expiry})

    assert [key.name for key in page.context["cl"].result_list] == names
