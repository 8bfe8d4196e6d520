"""Two operators at one alias, one in the admin and one over the API: the second is told what the first changed."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from routing.models import Alias
from tests.admin_pages import send_form
from tests.gateway.api.asking import an_administrator as a_program
from tests.gateway.api.asking import an_alias, openai
from tests.gateways import saved

pytestmark = pytest.mark.django_db


def a_browser(name: str) -> Client:
    browser = Client()
    browser.force_login(saved(User(username=name, password="!", is_staff=True, is_superuser=True)))
    return browser


def test_what_was_changed_in_the_admin_is_told_over_the_api() -> None:
    openai("gpt-4o", auth="none")
    alias = an_alias("fast", "gpt-4o")
    api = a_program()
    seen = api.get("aliases/fast")["ETag"]

    page = send_form(a_browser("anna"), reverse("admin:routing_alias_change", args=[alias.pk]), selector="in_order")
    late = api.send("PATCH", "aliases/fast", {"selector": "cost"}, If_Match=seen)

    assert page.status_code == 302
    assert late.status_code == 412
    (change,) = late.json()["changes"]
    assert (change["who"], change["door"]) == ("anna", "admin")
    assert "    selector: random → in_order" in change["lines"]
    assert Alias.objects.get().selector == "in_order"


def test_what_was_changed_outside_is_told_over_the_api() -> None:
    openai("gpt-4o", auth="none")
    an_alias("fast", "gpt-4o")
    api = a_program()
    api.send("PATCH", "aliases/fast", {"description": "One."})
    seen = api.get("aliases/fast")["ETag"]

    Alias.objects.update(description="Two.")
    late = api.send("PATCH", "aliases/fast", {"selector": "cost"}, If_Match=seen)

    assert late.status_code == 412
    assert late.json()["changes"][0]["door"] == "outside"
    assert Alias.objects.get().description == "Two."


def test_what_was_changed_over_the_api_is_told_in_the_admin() -> None:
    openai("gpt-4o", auth="none")
    alias = an_alias("fast", "gpt-4o")
    api = a_program()
    seen = api.get("aliases/fast")["ETag"].strip('"')  # the same as in the form of the page

    api.send("PATCH", "aliases/fast", {"selector": "in_order"})
    address = reverse("admin:routing_alias_change", args=[alias.pk])
    page = send_form(a_browser("anna"), address, selector="cost", _stamp=seen)

    assert page.status_code == 200
    assert "random → in_order" in page.content.decode()
    assert Alias.objects.get().selector == "in_order"
