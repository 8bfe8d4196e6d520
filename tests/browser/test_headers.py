"""Extra headers on the page of a provider: rows that come and go with a click."""

import pytest
from playwright.sync_api import Dialog, Locator, expect

from providers.models import Provider
from tests.browser.person import Person
from tests.browser.test_configuration import elsewhere
from tests.gateways import RunningGateway


@pytest.fixture
def provider(gateway: RunningGateway) -> Provider:
    return gateway.provider(
        "acme", extra_headers={"Helicone-Auth": "Bearer sk-1", "X-Team": "$TEAM", "X-Title": "plexus"}
    )


@pytest.fixture
def operator(provider: Provider, operator: Person) -> Person:
    """Who comes when everything is there."""
    operator.goes_to(f"/admin/providers/provider/{provider.pk}/change/")
    return operator


def rows(operator: Person) -> Locator:
    return operator.page.locator(".plexus-headers [data-header]")


def stored() -> dict[str, str]:
    headers: dict[str, str] = elsewhere(Provider.objects.get).extra_headers
    return headers


def test_rows_are_added_and_removed_with_a_click(operator: Person, provider: Provider) -> None:
    expect(rows(operator)).to_have_count(5)

    rows(operator).nth(1).get_by_role("button").click()
    operator.page.get_by_role("button", name="Add a header").click()
    operator.page.get_by_role("button", name="Add a header").click()
    expect(rows(operator)).to_have_count(6)
    rows(operator).nth(4).get_by_label("Name of a header").fill("User-Agent")
    rows(operator).nth(4).get_by_label("Value of").fill("plexus")
    operator.page.keyboard.press("Tab")
    expect(rows(operator).nth(4).get_by_role("button")).to_be_focused()
    operator.saves_and_goes_on()

    expect(rows(operator).nth(0).get_by_label("Value of Helicone-Auth")).to_have_value("")
    assert stored() == {
        "Helicone-Auth": provider.extra_headers["Helicone-Auth"],
        "User-Agent": "plexus",
        "X-Title": "plexus",
    }


def test_all_rows_can_be_removed(operator: Person, provider: Provider) -> None:
    for _ in range(5):
        rows(operator).first.get_by_role("button").click()
    expect(operator.page.get_by_role("button", name="Add a header")).to_be_focused()
    operator.saves_and_goes_on()

    assert stored() == {}


def test_whoever_leaves_after_removing_a_row_is_asked(operator: Person, provider: Provider) -> None:
    asked: list[str] = []

    def leaves(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    operator.page.once("dialog", leaves)

    rows(operator).first.get_by_role("button").click()
    operator.page.reload()

    assert asked == ["beforeunload"]
    expect(rows(operator)).to_have_count(5)


def test_what_is_wrong_stands_in_the_row_and_is_mended_there(operator: Person, provider: Provider) -> None:
    rows(operator).nth(3).get_by_label("Name of a header").fill("X New")
    rows(operator).nth(3).get_by_label("Value of").fill("sk-new")
    operator.saves_and_goes_on()
    operator.sees_error(rows(operator).nth(3), "“X New” is not a header name.")
    expect(rows(operator).nth(3).locator("[aria-invalid]")).to_have_value("X New")

    rows(operator).nth(3).get_by_label("Name of a header").fill("X-New")
    operator.saves_and_goes_on()
    operator.sees_error(rows(operator).nth(3), "Type the value of “X-New” again")
    rows(operator).nth(3).get_by_label("Value of").fill("sk-new")
    operator.saves_and_goes_on()

    assert stored().keys() == {"Helicone-Auth", "X-New", "X-Team", "X-Title"}
