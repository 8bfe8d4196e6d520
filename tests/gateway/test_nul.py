"""A NUL in an address of the admin: PostgreSQL looks for none, so whoever sends one is told so, whatever page reads it."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from gateway.models import Configuration
from tests.admin_pages import an_administrator, text_of

pytestmark = pytest.mark.django_db
SENTENCE = "This address holds a character that no name holds"


def lists() -> Iterator[tuple[str, "ModelAdmin[Model]"]]:
    """The address of every list that is registered, and who shows it."""
    for model, shown_by in admin.site._registry.items():
        if model is not Configuration:  # a page, and no list
            yield reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"), shown_by


def parameters_of(browser: Client, address: str, shown_by: "ModelAdmin[Model]") -> set[str]:
    """What may stand after the question mark: what the filters read that the page shows, those that only an address shows, the search."""
    shown = getattr(browser.get(address).context.get("cl"), "filter_specs", ())
    read = {name for spec in shown for name in spec.expected_parameters() if name}
    named = {
        str(one[0] if isinstance(one, tuple) else one) for one in shown_by.list_filter if isinstance(one, str | tuple)
    }
    return read | named | {"q", "o", "nothing_of_ours"}


def addresses(browser: Client) -> Iterator[str]:
    """Each parameter of each list, with nothing but a NUL and with one in its midst."""
    for address, shown_by in lists():
        for name in sorted(parameters_of(browser, address, shown_by)):
            yield f"{address}?{urlencode({name: chr(0)})}"
            yield f"{address}?{urlencode({name: f'a{chr(0)}b'})}"


def test_no_list_looks_for_a_nul_in_any_filter_or_search() -> None:
    browser = an_administrator()
    asked = list(addresses(browser))

    answers = {address: browser.get(address) for address in asked}

    assert len(asked) > 80
    assert {address: answer.status_code for address, answer in answers.items() if answer.status_code != 400} == {}
    assert [address for address, answer in answers.items() if SENTENCE not in text_of(answer)] == []


@pytest.mark.parametrize(
    "address",
    [
        "gateway/configchange/?of_kind=alias&of_name=%00",
        "gateway/configchange/?of_kind=%00&of_name=fast",
        "gateway/auditevent/?kind=%00",
        "routing/alias/?%00=1",
        "routing/alias/%00/change/",
        "autocomplete/?app_label=routing&model_name=target&field_name=model&term=%00",
        "search/?s=%00",
        "?alias=%00",
    ],
)
def test_no_other_page_of_the_admin_does(address: str) -> None:
    browser = an_administrator()

    answer = browser.get(f"/admin/{address}")

    assert answer.status_code == 400
    assert SENTENCE in text_of(answer)


@pytest.mark.parametrize("address", ["routing/alias/?q=%00", "routing/alias/%00/change/", "autocomplete/?term=%00"])
def test_whoever_is_not_logged_in_is_sent_to_do_that(address: str) -> None:
    answer = Client().get(f"/admin/{address}")

    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/?")
    assert Client().get(answer["Location"]).status_code == 200


def test_a_body_is_the_business_of_its_form() -> None:
    browser = an_administrator()

    answer = browser.post(reverse("admin:routing_alias_add"), {"name": "a\0b"})

    assert answer.status_code == 200
    assert "Null characters are not allowed." in text_of(answer)
