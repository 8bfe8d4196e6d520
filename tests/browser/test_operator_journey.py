"""From an empty site to a request in the history, by mouse and keyboard."""

import re

import httpx
from playwright.sync_api import expect

from tests.browser.person import WAIT_MS, Person
from tests.gateways import RunningGateway

PROVIDER_SECRET = "sk-the-providers-own-secret"


def test_an_operator_sets_up_routing_and_sees_a_request_in_the_history(
    operator: Person, gateway: RunningGateway
) -> None:
    creates_a_provider_with_a_model(operator, gateway.upstream.url)
    creates_another_model(operator)
    is_told_what_is_wrong_with_an_alias(operator)
    mends_it_and_saves(operator)
    drags_the_second_target_above_the_first(operator)
    sees_what_would_happen_to_a_request(operator)
    sends_one_from_the_page(operator)
    secret = creates_a_client_key(operator)
    request_id = a_client_asks_with(secret, gateway.url)
    finds_it_in_the_history(operator, request_id)
    sees_both_on_the_dashboard(operator)

    assert all(PROVIDER_SECRET not in page for page in operator.pages)
    assert sum(secret in page for page in operator.pages) == 1


def creates_a_provider_with_a_model(operator: Person, url: str) -> None:
    operator.opens("Providers")
    operator.adds()
    operator.types("Name", "acme")
    operator.types("Credential", PROVIDER_SECRET)
    operator.types_into_row("endpoints-0-base_url", url)
    operator.types_into_row("models-0-name", "small")
    operator.saves_and_goes_on()

    operator.sees("Now: stored, encrypted.")


def creates_another_model(operator: Person) -> None:
    operator.opens("Models")
    operator.adds()
    operator.finds("provider", "acme")
    operator.types("Name", "large")
    operator.saves()

    expect(operator.page.locator("#result_list tbody tr")).to_have_count(2)


def is_told_what_is_wrong_with_an_alias(operator: Person) -> None:
    page = operator.page
    operator.opens("Aliases")
    operator.adds()
    operator.types("Name", "not a name!")
    operator.chooses("weight_mode", "percent (each tier sums to 100)")
    operator.finds("targets-0-model", "acme/small")
    operator.types_into_row("targets-0-weight", "60")
    operator.adds_row("Target")
    operator.finds("targets-1-model", "acme/large")
    operator.types_into_row("targets-1-weight", "30")
    operator.adds_row("Synonym")
    operator.types_into_row("synonyms-0-name", "quick")
    total = page.locator(".plexus-total")
    expect(total).to_have_text("90 % of 100 %")
    expect(total).to_have_class(re.compile("is-wrong"))

    operator.saves()

    operator.sees_error(page.locator(".field-name").first, "A name has letters, digits, dots")
    operator.sees_error(page.locator("#targets-group td.field-weight"), "sum to 90, not 100")


def mends_it_and_saves(operator: Person) -> None:
    page = operator.page
    operator.types("Name", "fast")
    operator.types_into_row("targets-1-weight", "41")
    expect(page.locator(".plexus-total")).to_have_text("101 % of 100 %")
    operator.types_into_row("targets-1-weight", "40")
    expect(page.locator(".plexus-total")).to_have_text("100 %")
    expect(page.locator(".plexus-total")).to_have_class(re.compile("is-right"))

    operator.saves_and_goes_on()

    assert names_and_weights(operator) == [("acme/small", "60"), ("acme/large", "40")]
    expect(page.locator("[name=synonyms-0-name]")).to_have_value("quick")


def drags_the_second_target_above_the_first(operator: Person) -> None:
    handles = operator.page.locator("#targets-group tbody.original .cursor-move")

    operator.drags(handles.nth(1), above=handles.nth(0))
    operator.saves_and_goes_on()

    assert names_and_weights(operator) == [("acme/large", "40"), ("acme/small", "60")]


def names_and_weights(operator: Person) -> list[tuple[str, str]]:
    rows = operator.page.locator("#targets-group tbody.original")
    rows.first.wait_for()
    return [
        (row.locator("[name$='-model'] option:checked").inner_text(), row.locator("[name$='-weight']").input_value())
        for row in rows.all()
    ]


def sees_what_would_happen_to_a_request(operator: Person) -> None:
    page = operator.page
    operator.follows(page.get_by_role("link", name="Test route"))

    rows = page.locator(".plexus-table tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="acme/small")).to_contain_text("60 %")
    expect(rows.filter(has_text="acme/large")).to_contain_text("40 %")

    operator.follows(page.get_by_role("link", name="Embeddings"))

    expect(page.locator(".plexus-left-out li")).to_have_count(2)
    operator.sees("Nobody can take this request")


def sends_one_from_the_page(operator: Person) -> None:
    page = operator.page
    operator.follows(page.get_by_role("link", name="Chat completions"))
    operator.types("Prompt", "Is anybody there?")

    operator.submits(page.get_by_role("button", name="Send"))

    expect(page.locator(".plexus-answer")).to_have_text("Is anybody there?")
    expect(page.locator(".plexus-facts")).to_contain_text(re.compile(r"acme/(small|large): ok"))


def creates_a_client_key(operator: Person) -> str:
    """Its secret, which is shown once."""
    operator.opens("Client keys")
    operator.adds()
    operator.types("Name", "billing")
    operator.saves()
    secret = operator.page.locator("#secret").inner_text()

    operator.follows(operator.page.get_by_role("link", name="Edit this key"))

    assert secret.startswith("sk-plx-")
    operator.sees(secret[:10])
    return secret


def a_client_asks_with(secret: str, url: str) -> str:
    """By a synonym. Returns the request's id."""
    reply = httpx.post(
        f"{url}/v1/chat/completions",
        headers={"authorization": f"Bearer {secret}"},
        json={"model": "quick", "messages": [{"role": "user", "content": "Hello from outside"}]},
        trust_env=False,
        timeout=WAIT_MS / 1000,
    )

    assert reply.json()["choices"][0]["message"]["content"] == "Hello from outside"
    return reply.headers["x-request-id"]


def finds_it_in_the_history(operator: Person, request_id: str) -> None:
    page = operator.page
    operator.opens("Requests")
    row = page.locator("#result_list tr", has_text="billing")
    operator.reloads_until_seen(row)
    for text in ("quick", "→ fast", "acme/", "200"):
        expect(row).to_contain_text(text)

    operator.follows(row.get_by_role("link").first)

    for text in (
        request_id,
        "quick",
        "fast",
        "billing",
        "Attempts",
        "/chat/completions",
        "Tokens and cost",
    ):
        operator.sees(text)
    assert "Hello from outside" not in operator.pages[-1]


def sees_both_on_the_dashboard(operator: Person) -> None:
    operator.opens("Dashboard")

    card = operator.page.locator(".px-kpi", has_text="Requests")
    operator.reloads_until_seen(card.get_by_text("2", exact=True))
    expect(operator.page.locator("canvas[data-chart]")).to_have_count(5)
    # Chance decides which of the two targets it was, each time.
    expect(operator.page.get_by_role("row", name="fast 2 100 %").first).to_be_visible()
