"""Extra headers on the page of a provider: a row each, what of them is never shown, and what is wrong with one beside it."""

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from providers.admin.header_rows import HeaderRow
from providers.models import Endpoint, Provider, vault
from routing.models import CustomRoute
from tests.admin_pages import an_administrator, errors_of, send_form, text_of
from tests.gateways import saved

pytestmark = pytest.mark.django_db

SECRET = "Bearer sk-another"
HEADERS = {"Helicone-Auth": SECRET, "X-Team": "$TEAM_KEY", "X-Title": "plexus"}
"""In the order of their rows: 0 is sealed, 1 a reference, 2 a well-known one."""


@pytest.fixture
def admin() -> Client:
    return an_administrator()


@pytest.fixture
def provider() -> Provider:
    """With HEADERS, and no other secret."""
    provider = saved(Provider(name="openai", auth="none", extra_headers=HEADERS))
    saved(Endpoint(provider=provider, api_type="chat", base_url="https://api.openai.com/v1"))
    return provider


def page_of(provider: Provider) -> str:
    return f"/admin/providers/provider/{provider.pk}/change/"


def send(admin: Client, provider: Provider, **changes: Any) -> Any:
    """`name_0`, `value_3`: what is typed into which row; None: the input is gone. Anything else is another field."""
    fields = {}
    for key, text in changes.items():
        part, _, place = key.rpartition("_")
        fields[f"extra_headers-{place}-{part}" if place.isdecimal() else key] = text
    return send_form(admin, page_of(provider), **fields)


def gone(place: int) -> dict[str, None]:
    """What a script leaves of a row that was removed: nothing."""
    return {f"{part}_{place}": None for part in ("name", "value", "stored_as")}


def stored() -> dict[str, str]:
    headers: dict[str, str] = Provider.objects.get().extra_headers
    return headers


def rows_of(page: Any) -> list[HeaderRow]:
    """The rows that the page shows, but for the empty ones."""
    rows: list[HeaderRow] = page.context["adminform"].form["extra_headers"].value()
    return rows


def problem(page: Any, place: int) -> str:
    """What stands beside a row, as the page has it."""
    found = re.search(rf'<p id="id_extra_headers-{place}-problem"[^>]*>([^<]*)</p>', text_of(page))
    return found[1] if found else ""


def test_each_header_has_a_row_and_a_sealed_value_is_not_in_the_page(admin: Client, provider: Provider) -> None:
    page = admin.get(page_of(provider))

    assert rows_of(page) == [
        HeaderRow(name="Helicone-Auth", stored_as="Helicone-Auth"),
        HeaderRow(name="X-Team", value="$TEAM_KEY"),
        HeaderRow(name="X-Title", value="plexus"),
    ]
    assert 'placeholder="stored; kept unless you type another"' in text_of(page)
    assert provider.extra_headers["Helicone-Auth"] not in text_of(page)
    assert SECRET not in text_of(page)


def test_two_empty_rows_take_new_headers_without_a_script(admin: Client, provider: Provider) -> None:
    answer = send(admin, provider, name_3="X-New", value_3="sk-new", name_4="X-Other", value_4="$OTHER_KEY")

    assert answer.status_code == 302
    assert vault().open(stored()["X-New"]) == "sk-new"
    assert stored()["X-Other"] == "$OTHER_KEY"


def test_rows_that_a_script_added_count_in_whatever_places_they_are(admin: Client, provider: Provider) -> None:
    send(admin, provider, name_17="X-Title-2", value_17="$TWO", name_9="X-Title-1", value_9="$ONE")

    assert stored().keys() == {*HEADERS, "X-Title-1", "X-Title-2"}


def test_a_form_that_is_sent_as_it_came_leaves_headers_as_they_are(admin: Client, provider: Provider) -> None:
    send(admin, provider, display_name="OpenAI")

    assert stored() == provider.extra_headers
    assert "Extra headers" not in LogEntry.objects.get().change_message


def test_a_typed_value_replaces_the_stored_one(admin: Client, provider: Provider) -> None:
    send(admin, provider, value_0="sk-changed", value_2="plexus 2")

    assert vault().open(stored()["Helicone-Auth"]) == "sk-changed"
    assert stored()["X-Title"] == "plexus 2"
    assert "Extra headers" in LogEntry.objects.get().change_message
    assert "sk-changed" not in LogEntry.objects.get().change_message


def test_a_row_is_removed_with_its_box(admin: Client, provider: Provider) -> None:
    send(admin, provider, is_removed_0="on")

    assert stored() == {"X-Team": "$TEAM_KEY", "X-Title": "plexus"}


def test_rows_that_a_script_took_away_are_removed_also_when_none_is_left(admin: Client, provider: Provider) -> None:
    send(admin, provider, **gone(0), **gone(1), **gone(2), **gone(3), **gone(4))

    assert stored() == {}


def test_a_form_without_any_rows_leaves_headers_alone(admin: Client, provider: Provider) -> None:
    all_gone: dict[str, Any] = {**gone(0), **gone(1), **gone(2), **gone(3), **gone(4)}

    send(admin, provider, **all_gone, **{"extra_headers-rows": None}, display_name="OpenAI")

    assert Provider.objects.get().display_name == "OpenAI"
    assert stored() == provider.extra_headers


@pytest.mark.parametrize("name", ["X-Auth", "helicone-auth"])
def test_a_sealed_value_is_not_taken_over_by_another_name(admin: Client, provider: Provider, name: str) -> None:
    answer = send(admin, provider, name_0=name)

    assert problem(answer, 0) == f"No value of “{name}” is stored. Type it."
    assert stored() == provider.extra_headers


def test_a_sealed_value_does_not_pass_for_another_sealed_one(admin: Client) -> None:
    provider = saved(Provider(name="openai", auth="none", extra_headers={"X-A": "sk-a", "X-B": "sk-b"}))

    answer = send(admin, provider, is_removed_0="on", name_1="X-A")

    assert problem(answer, 1) == "No value of “X-A” is stored. Type it."


def test_a_sealed_header_is_renamed_with_its_value_typed_again(admin: Client, provider: Provider) -> None:
    answer = send(admin, provider, name_0="X-Auth", value_0=SECRET)

    assert answer.status_code == 302
    assert vault().open(stored()["X-Auth"]) == SECRET
    assert "Helicone-Auth" not in stored()


def test_a_header_whose_value_is_shown_is_renamed_with_it(admin: Client, provider: Provider) -> None:
    send(admin, provider, name_1="X-Crew")

    assert stored()["X-Crew"] == "$TEAM_KEY"
    assert "X-Team" not in stored()


def test_the_word_stored_can_be_typed_only_for_what_is_stored(admin: Client, provider: Provider) -> None:
    kept = send(admin, provider, value_0="stored")
    answer = send(admin, provider, name_3="X-New", value_3="stored")

    assert kept.status_code == 302
    assert stored() == provider.extra_headers
    assert problem(answer, 3) == "No value of “X-New” is stored. Type it."


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("X Team", "red", "“X Team” is not a header name."),
        ("Authorization", "red", "“Authorization” is set by Plexus itself. Remove it."),
        ("X-New", "red\nX-Evil: yes", "The value of “X-New” must be text without line ends."),
        ("X-New", "red\n", "The value of “X-New” must be text without line ends."),
        ("X-New", "", "No value of “X-New” is stored. Type it."),
        ("", "red", "Name this header, or remove it."),
        ("x-team", "red", "“x-team” is here twice, since upper and lower case make no difference. Remove one."),
        ("X-Team", "red", "“X-Team” is here twice, since upper and lower case make no difference. Remove one."),
        ("X-New", "$", "The value of “X-New” begins with $."),
        ("X-New", "$SECRET_KEY", "The value of “X-New” names a setting of Plexus itself"),
    ],
)
def test_what_is_wrong_with_a_header_stands_beside_its_row(
    admin: Client, provider: Provider, name: str, value: str, said: str
) -> None:
    answer = send(admin, provider, name_3=name, value_3=value)

    assert problem(answer, 3).startswith(said)
    assert [row.problem for row in rows_of(answer)][:3] == ["", "", ""]
    assert errors_of(answer)["extra_headers"] == ["One of the headers cannot be saved: the reason stands under it."]
    assert stored() == provider.extra_headers


def test_each_wrong_header_has_its_own_sentence(admin: Client, provider: Provider) -> None:
    answer = send(admin, provider, name_1="X Team", name_3="Cookie", value_3="red")

    assert problem(answer, 1) == "“X Team” is not a header name."
    assert problem(answer, 3) == "“Cookie” is set by Plexus itself. Remove it."
    assert errors_of(answer)["extra_headers"] == ["2 of the headers cannot be saved: the reason stands under it."]


def test_a_removed_row_is_not_judged(admin: Client, provider: Provider) -> None:
    answer = send(admin, provider, name_1="X Team", is_removed_1="on")

    assert answer.status_code == 302
    assert stored().keys() == {"Helicone-Auth", "X-Title"}


def test_a_header_takes_the_place_of_one_that_is_removed(admin: Client, provider: Provider) -> None:
    answer = send(admin, provider, is_removed_1="on", name_3="x-team", value_3="$OTHER")

    assert answer.status_code == 302
    assert stored()["x-team"] == "$OTHER"


def test_a_refused_form_asks_for_secret_values_again_and_shows_all_others(admin: Client, provider: Provider) -> None:
    typed = {"value_0": "sk-changed", "name_3": "X-New", "value_3": "sk-new-one", "name_4": "X-Ref", "value_4": "$REF"}

    refused = send(admin, provider, name="not a name", **typed)

    assert "sk-changed" not in text_of(refused)
    assert "sk-new-one" not in text_of(refused)
    assert [(row.name, row.value, row.is_lost) for row in rows_of(refused)] == [
        ("Helicone-Auth", "", True),
        ("X-Team", "$TEAM_KEY", False),
        ("X-Title", "plexus", False),
        ("X-New", "", True),
        ("X-Ref", "$REF", False),
    ]


def test_what_is_asked_for_again_is_not_forgotten(admin: Client, provider: Provider) -> None:
    again = {"value_0": "", "stored_as_0": None, "is_lost_0": "yes", "name_3": "X-New", "is_lost_3": "yes"}

    answer = send(admin, provider, **again)

    assert problem(answer, 0) == "Type the value of “Helicone-Auth” again: it is not shown."
    assert problem(answer, 3) == "Type the value of “X-New” again: it is not shown."
    assert [row.is_lost for row in rows_of(answer)] == [True, False, False, True]


def test_an_empty_value_stays_where_it_is_stored(admin: Client) -> None:
    provider = saved(Provider(name="openai", auth="none", extra_headers={"User-Agent": ""}))

    answer = send(admin, provider, display_name="OpenAI")

    assert answer.status_code == 302
    assert stored() == {"User-Agent": ""}


def test_a_sealed_header_goes_to_another_host_only_when_it_is_typed_again(admin: Client, provider: Provider) -> None:
    moved: dict[str, Any] = {"endpoints-0-base_url": "https://new.example.com/v1"}

    kept = send(admin, provider, **moved)
    typed = send(admin, provider, value_0=SECRET, **moved)

    assert "header “Helicone-Auth”" in errors_of(kept)["endpoints-0-base_url"][0]
    assert typed.status_code == 302


def test_a_question_carries_headers_that_are_kept(admin: Client, provider: Provider) -> None:
    saved(CustomRoute(path="/demo", provider=provider))

    asked = send(admin, provider, enabled=None, value_2="plexus 2")
    sent = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text_of(asked)))
    admin.post(page_of(provider), sent)

    assert stored() == {**provider.extra_headers, "X-Title": "plexus 2"}
    assert not Provider.objects.get().enabled


@pytest.mark.parametrize(
    "typed",
    [
        {"value_0": "sk-typed"},
        {"name_3": "X-New", "value_3": "sk-typed"},
        {"value_3": "sk-typed"},
        {"value_0": "sk-typed", "is_removed_0": "on"},
    ],
)
def test_a_question_does_not_carry_a_value_that_was_typed(admin: Client, provider: Provider, typed: Any) -> None:
    saved(CustomRoute(path="/demo", provider=provider))

    asked = send(admin, provider, enabled=None, **typed)

    assert "A credential was typed as well" in text_of(asked)
    assert "sk-typed" not in text_of(asked)


@pytest.mark.parametrize("written", [["X-Team"], {"X-N": 5}])
def test_headers_that_were_written_past_the_rules_do_not_break_the_page(
    admin: Client, provider: Provider, written: Any
) -> None:
    Provider.objects.update(extra_headers=written)

    page = admin.get(page_of(provider))
    answer = send(admin, provider, display_name="OpenAI", is_removed_0="on")

    assert page.status_code == 200
    assert answer.status_code == 302
    assert stored() == {}
