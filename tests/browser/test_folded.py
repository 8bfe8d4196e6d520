"""What is folded in a target's row: conditions and deadlines."""

import pytest
from playwright.sync_api import Locator, expect

from routing.models import Alias
from tests.browser.person import Person
from tests.gateways import RunningGateway


@pytest.fixture
def alias(gateway: RunningGateway) -> Alias:
    return gateway.alias("fast", gateway.model("acme", "large"), gateway.model("acme", "small"))


@pytest.fixture
def operator(alias: Alias, operator: Person) -> Person:
    """Who comes when everything is there."""
    operator.goes_to(f"/admin/routing/alias/{alias.pk}/change/")
    return operator


def row(operator: Person, place: int) -> Locator:
    return operator.page.locator("#targets-group tbody.form-group:not(.empty-form)").nth(place)


def test_a_condition_and_a_deadline_are_chosen_in_what_unfolds(operator: Person, alias: Alias) -> None:
    conditions = row(operator, 1).locator(".field-conditions")
    deadlines = row(operator, 1).locator(".field-time_limits")

    conditions.locator("summary").click()
    conditions.get_by_text("too late").click()
    expect(conditions.locator("summary")).to_have_text("too late")
    deadlines.locator("summary").click()
    expect(conditions.locator(".plexus-panel")).to_be_hidden()
    deadlines.get_by_label("first byte").fill("2.5")
    operator.page.keyboard.press("Escape")
    expect(deadlines.locator(".plexus-panel")).to_be_hidden()
    expect(deadlines.locator("summary")).to_have_text("first byte 2.5 s")
    operator.saves_and_goes_on()

    expect(conditions.locator("summary")).to_have_text("too late")
    expect(deadlines.locator("summary")).to_have_text("first byte 2.5 s")


def test_a_row_that_was_just_added_unfolds_too(operator: Person, alias: Alias) -> None:
    operator.adds_row("Target")
    conditions = row(operator, 2).locator(".field-conditions")

    conditions.locator("summary").click()
    conditions.get_by_text("anything").click()

    expect(conditions.locator("summary")).to_have_text("anything")
    expect(row(operator, 1).locator(".field-conditions summary")).to_have_text("–")


def test_a_condition_is_kept_by_the_keyboard_alone(operator: Person, alias: Alias) -> None:
    row(operator, 1).locator(".field-conditions summary").focus()

    operator.page.keyboard.press("Enter")
    operator.page.keyboard.press("Tab")
    operator.page.keyboard.press("Space")
    operator.saves()

    operator.goes_to("/admin/routing/alias/")
    expect(operator.page.locator(".plexus-chip-fallback")).to_have_attribute("title", "Only after: anything")
    assert operator.page.locator(".plexus-chip-fallback").inner_text().strip() == "acme/small"
