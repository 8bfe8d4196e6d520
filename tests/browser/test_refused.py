"""A form that was refused: the list at its top leads to each mistake."""

import pytest
from playwright.sync_api import expect

from providers.models import Provider
from tests.browser.person import Person
from tests.gateways import RunningGateway


@pytest.fixture
def provider(gateway: RunningGateway) -> Provider:
    return gateway.provider("acme")


def test_a_click_on_a_mistake_leads_to_its_field(provider: Provider, operator: Person) -> None:
    operator.goes_to(f"/admin/providers/provider/{provider.pk}/change/")
    operator.page.locator("#id_credential").fill("sk-new")
    operator.page.locator("#id_endpoints-0-base_url").fill("https://api.example.com/v1?x=1")
    operator.page.locator("#id_why").fill("rotated")
    operator.saves()

    operator.page.locator(".plexus-mistakes").get_by_role("link", name="Base URL").click()

    expect(operator.page.locator("#id_endpoints-0-base_url")).to_be_in_viewport()
    expect(operator.page.locator("#id_endpoints-0-base_url")).to_be_visible()
    expect(operator.page.locator("#id_why")).to_have_value("rotated")
    expect(operator.page.locator("#id_credential")).to_have_value("")
    expect(operator.page.get_by_text("What you typed was not kept").first).to_be_visible()
