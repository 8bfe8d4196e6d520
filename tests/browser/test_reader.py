"""Who may look but not change: every page is there, no secret is in it, and no change goes through."""

import pytest
from playwright.sync_api import expect

from routing.models import Alias
from tests.browser.person import Person
from tests.gateways import RunningGateway

SECRET = "sk-the-providers-own-secret"
LISTS = ("Dashboard", "Aliases", "Providers", "Models", "Client keys", "Users", "Groups", "Requests")
INPUTS = "#content :is(input, select, textarea):visible"


@pytest.fixture
def alias(gateway: RunningGateway) -> Alias:
    """`fast`, with a provider that has a stored key, behind which one request has been."""
    provider = gateway.provider("acme", credential=SECRET)
    alias = gateway.alias("fast", gateway.model(provider, "small"), gateway.model(provider, "large"))
    gateway.row(gateway.ask("fast", "Hello!"))
    return alias


@pytest.fixture
def reader(alias: Alias, reader: Person) -> Person:
    """Who comes when everything is there."""
    return reader


def test_a_reader_sees_every_page_and_no_secret(reader: Person, alias: Alias, gateway: RunningGateway) -> None:
    for title in LISTS:
        reader.opens(title)
        expect(reader.page.locator("a[href*='/add/']")).to_have_count(0)
        expect(reader.page.locator("[name=_save]")).to_have_count(0)
        first = reader.page.locator("#result_list tbody a").first
        if title not in ("Dashboard", "Groups"):
            reader.follows(first)
            expect(reader.page.locator(INPUTS)).to_have_count(0)

    assert all(SECRET not in page and gateway.key not in page for page in reader.pages)
    assert any("stored, encrypted" in page for page in reader.pages)


def test_a_reader_sees_the_route_and_cannot_send(reader: Person, alias: Alias) -> None:
    reader.goes_to(f"/admin/routing/alias/{alias.pk}/test-route")

    reader.sees("acme/small")
    expect(reader.page.get_by_role("button", name="Send")).to_have_count(0)


def test_a_reader_narrows_the_dashboard_to_a_target_and_goes_back(reader: Person) -> None:
    chosen = reader.page.locator(".px-chosen")
    rows = reader.page.locator(".px-table tbody tr")
    reader.opens("Dashboard")

    reader.follows(rows.filter(has_text="acme/").get_by_role("link"))
    expect(chosen).to_contain_text("alias fast")
    expect(chosen).to_contain_text("target acme/")
    expect(reader.page.locator("canvas[data-chart=tries]")).to_be_visible()

    reader.follows(chosen.get_by_role("link", name="Show every target"))
    expect(reader.page.locator("canvas[data-chart=compare]")).to_be_visible()

    reader.follows(chosen.get_by_role("link", name="Show everything"))
    expect(chosen).to_have_count(0)


def test_a_readers_changes_are_refused(reader: Person, alias: Alias) -> None:
    change = f"{reader.url}/admin/routing/alias/{alias.pk}/change/"
    token = next(cookie["value"] for cookie in reader.page.context.cookies() if cookie["name"] == "csrftoken")

    # Not through the page, which offers no form: as the browser, with its cookies.
    answer = reader.page.request.post(
        change, form={"name": "renamed", "csrfmiddlewaretoken": token}, headers={"referer": change}
    )

    assert answer.status == 403
    reader.goes_to(f"/admin/routing/alias/{alias.pk}/change/")
    reader.sees("fast")
