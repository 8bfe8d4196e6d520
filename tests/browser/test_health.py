"""The page “Health” before a person: it follows what happens, and a click clears."""

import asyncio
import time

import pytest
from playwright.sync_api import expect

from gateway import runtime
from providers.errors import Condition
from providers.verdict import Harm
from routing.models import Alias
from tests.browser.person import Person
from tests.gateways import RunningGateway, eventually
from tests.routing.health.scenes import HARD, a_verdict, ask

KEY = "acme/small"
LIMITED = a_verdict(Harm.REST, Condition.RATE_LIMITED, rest_seconds=240.0, rest_cap_seconds=240.0)


@pytest.fixture
def alias(gateway: RunningGateway) -> Alias:
    return gateway.alias("fast", gateway.model("acme", "small"), gateway.model("acme", "large"))


@pytest.fixture
def operator(alias: Alias, operator: Person) -> Person:
    """Who comes when everything is there."""
    return operator


@pytest.fixture
def reader(alias: Alias, reader: Person) -> Person:
    """Who comes when everything is there, and may only look."""
    return reader


def in_the_gateway(what: str) -> None:
    """Let an upstream come to harm, in the gateway's own loop."""
    present = runtime.current()

    async def harm() -> None:
        health = present.health.of(KEY)
        if what == "rests":
            ask(health, time.monotonic(), LIMITED, takes=0.0)
        else:
            ask(health, time.monotonic(), HARD, takes=0.0)  # for a minute: long enough to be seen

    asyncio.run_coroutine_threadsafe(harm(), present.loop).result(60)


def is_well() -> bool:
    return runtime.current().health.of(KEY).standing(time.monotonic()).ok


def test_an_operator_sees_it_rest_and_clears_it_with_a_click(operator: Person) -> None:
    row = operator.page.locator("#health-table tr", has_text="small")
    operator.opens("Health")
    expect(row).to_have_attribute("data-state", "idle")

    in_the_gateway("rests")
    expect(row).to_have_attribute("data-state", "resting")
    expect(row).to_contain_text("rate limited")
    row.get_by_role("button", name="Clear").click()

    expect(row).not_to_have_attribute("data-state", "resting")
    assert is_well()


def test_the_time_left_is_counted_down(operator: Person) -> None:
    operator.opens("Health")
    in_the_gateway("rests")
    left = operator.page.locator("[data-seconds-left]")
    expect(left).to_be_visible()

    first = int(left.inner_text().split()[0])

    assert eventually(lambda: int(left.inner_text().split()[0]) < first)


def test_a_clicked_clear_all_leaves_nobody_out(operator: Person) -> None:
    in_the_gateway("breaks")
    operator.opens("Health")
    expect(operator.page.locator("tr[data-state=open]")).to_have_count(1)

    operator.page.get_by_role("button", name="Clear all").click()

    expect(operator.page.locator("tr[data-state=open]")).to_have_count(0)
    assert is_well()


def test_a_reader_sees_health_and_no_button(reader: Person) -> None:
    in_the_gateway("rests")

    reader.opens("Health")

    expect(reader.page.locator("tr[data-state=resting]")).to_have_count(1)
    expect(reader.page.locator("#health-table button")).to_have_count(0)


def test_without_scripts_a_click_clears_too(operator: Person) -> None:
    in_the_gateway("rests")
    operator.page.route("**/health.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    operator.opens("Health")
    clear = operator.page.get_by_role("button", name=f"Clear {KEY}")
    operator.reloads_until_seen(clear)

    operator.submits(clear)

    operator.sees("Forgotten here")
    assert is_well()
