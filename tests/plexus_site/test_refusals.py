"""What a browser is shown where the admin refuses: what it was, and a cure."""

import pytest
from django.test import Client

from tests.admin_pages import a_member_of_staff, an_administrator, text_of

pytestmark = pytest.mark.django_db


def test_a_page_that_somebody_may_not_see_says_who_can_change_that() -> None:
    reader = a_member_of_staff("routing.view_alias")

    answer = reader.get("/admin/providers/provider/")

    assert answer.status_code == 403
    assert "Your account lacks the permission" in text_of(answer)
    assert "with a role (Access › Users)" in text_of(answer)
    assert "/admin/routing/alias/" in answer.content.decode()  # the sidebar


def test_a_page_of_the_admin_that_is_not_there_has_the_sidebar() -> None:
    answer = an_administrator().get("/admin/nowhere/")

    assert answer.status_code == 404
    assert "There is nothing at this address" in text_of(answer)
    assert "/admin/routing/alias/" in answer.content.decode()


def test_nobody_in_particular_gets_a_plain_page(client: Client) -> None:
    answer = client.get("/nowhere")

    assert answer.status_code == 404
    assert "There is nothing at this address" in text_of(answer)
    assert "/admin/routing/alias/" not in answer.content.decode()


@pytest.mark.parametrize(
    ("headers", "cure"),
    [
        ({"origin": "https://plexus.example.com"}, "PLEXUS_CSRF_TRUSTED_ORIGINS=https://plexus.example.com"),
        ({}, "Allow cookies for this site"),
    ],
)
def test_a_login_that_is_not_accepted_says_which_setting_it_is(headers: dict[str, str], cure: str) -> None:
    browser = Client(enforce_csrf_checks=True)

    answer = browser.post("/admin/login/", {"username": "a", "password": "b"}, headers=headers)

    assert answer.status_code == 403
    assert cure in text_of(answer)


def test_a_form_from_before_another_login_says_how_to_send_it_again() -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.get("/admin/login/")

    answer = browser.post("/admin/login/", {"csrfmiddlewaretoken": "x" * 64})

    assert answer.status_code == 403
    assert "reload the page, and send the form again" in text_of(answer)


def test_a_host_that_was_made_up_cannot_put_markup_into_the_page() -> None:
    browser = Client(enforce_csrf_checks=True)

    answer = browser.post("/admin/login/", headers={"origin": "https://<script>alert(1)</script>"})

    assert b"<script>alert" not in answer.content
