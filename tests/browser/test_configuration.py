"""Configuration with the mouse: two operators at one form, a file that is looked at and taken, a question before a loss."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from django.db import connection
from playwright.sync_api import expect

from gateway.audit.author import Author, Door
from gateway.audit.recording import recording
from routing.models import Alias
from tests.browser.person import Person
from tests.gateways import RunningGateway, saved

T = TypeVar("T")


def elsewhere(do: Callable[[], T]) -> T:
    """In another thread: this one belongs to the browser, which lets nobody at the database."""

    def done() -> T:
        try:
            return do()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(done).result()


def somebody_is_quicker(alias: Alias) -> None:
    with recording(Author(user_id=None, name="ada", door=Door.API, address="")):
        alias.description = "Somebody was quicker"
        saved(alias)


@pytest.fixture
def alias(gateway: RunningGateway) -> Alias:
    return gateway.alias("fast", gateway.model("acme", "small"))


@pytest.fixture
def operator(alias: Alias, operator: Person) -> Person:
    """Who comes when everything is there."""
    return operator


def test_the_second_operator_is_told_and_keeps_what_was_typed(operator: Person, alias: Alias) -> None:
    operator.goes_to(f"/admin/routing/alias/{alias.pk}/change/")
    elsewhere(lambda: somebody_is_quicker(alias))

    operator.types("Description", "Mine")
    operator.saves()
    operator.sees("nothing of yours is saved")
    operator.sees("nothing → Somebody was quicker")
    expect(operator.page.locator("[name=description]")).to_have_value("Mine")
    operator.saves()

    assert elsewhere(Alias.objects.get).description == "Mine"


def test_what_a_file_would_change_is_seen_and_then_done(operator: Person, alias: Alias) -> None:
    operator.opens("Import and export")

    operator.types("or its text", "models: [{alias: slow, targets: [{alias: fast}]}]")
    operator.submits(operator.page.get_by_role("button", name="Look what it would change"))
    operator.sees("+ alias slow")
    operator.page.fill("[name=why]", "a slower one")
    operator.submits(operator.page.get_by_role("button", name="Change it"))

    operator.sees("Applied 2 changes")
    assert elsewhere(Alias.objects.filter(name="slow").exists)


def test_a_file_is_chosen_and_looked_at_without_a_complaint_of_the_page(operator: Person, alias: Alias) -> None:
    operator.opens("Import and export")
    text = b"models: [{alias: slow, targets: [{alias: fast}]}]"

    operator.page.get_by_label("A file").set_input_files(
        {"name": "plexus.yaml", "mimeType": "text/yaml", "buffer": text}
    )
    operator.submits(operator.page.get_by_role("button", name="Look what it would change"))

    operator.sees("+ alias slow")


def test_a_question_comes_before_a_loss(operator: Person, alias: Alias) -> None:
    operator.goes_to(f"/admin/routing/alias/{alias.pk}/change/")

    operator.page.locator("[name=enabled]").uncheck()
    operator.saves()
    operator.sees("Requests would no longer find: fast.")
    still_enabled = elsewhere(Alias.objects.get).enabled
    operator.submits(operator.page.get_by_role("button", name="Disable and save"))

    assert still_enabled
    assert not elsewhere(Alias.objects.get).enabled
