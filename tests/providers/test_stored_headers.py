"""A provider's extra headers in the database: sealed, also those that were there before."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection

from providers import extra_headers
from providers.models import Endpoint, Provider, vault
from tests.gateways import saved
from tests.routing.rows import a_provider, refusals

pytestmark = pytest.mark.django_db
MIGRATION: Any = import_module("providers.migrations.0006_seal_extra_headers")  # Any: its functions have no types


def stored() -> dict[str, str]:
    headers: dict[str, str] = Provider.objects.get().extra_headers
    return headers


@pytest.mark.parametrize("judged", [True, False])
def test_a_value_is_sealed_whichever_way_the_row_is_saved(judged: bool) -> None:
    provider = Provider(name="p", extra_headers={"X-Team": "sk-secret", "X-Title": "plexus", "X-Key": "$X_KEY"})

    saved(provider) if judged else provider.save()

    assert vault().open(stored()["X-Team"]) == "sk-secret"
    assert stored() == {"X-Team": stored()["X-Team"], "X-Title": "plexus", "X-Key": "$X_KEY"}


def test_what_is_sealed_is_not_sealed_again() -> None:
    saved(Provider(name="p", extra_headers={"X-Team": "sk-secret"}))
    first = stored()

    saved(Provider.objects.get())

    assert stored() == first


@pytest.mark.parametrize("value", ["$", "$1KEY", "$A $B", "${A", "$Bearer x"])
def test_a_reference_that_is_written_wrongly_is_refused(value: str) -> None:
    assert refusals(Provider(name="p", extra_headers={"X-Key": value})) == {"extra_headers": ["invalid_reference"]}


def test_a_public_value_may_begin_with_a_dollar() -> None:
    assert refusals(Provider(name="p", extra_headers={"X-Title": "$5 a day"})) == {}


@pytest.mark.parametrize("name", ["X-Key", "X-Title"])
@pytest.mark.parametrize("value", ["$SECRET_KEY", "${DATABASE_URL}", "$PLEXUS_ENCRYPTION_KEYS"])
def test_a_secret_of_our_own_is_no_providers_header(name: str, value: str) -> None:
    assert refusals(Provider(name="p", extra_headers={name: value})) == {"extra_headers": ["our_own_secret"]}


def test_the_refusal_says_that_it_is_the_value_that_names_a_setting() -> None:
    objection = extra_headers.objection_to_references({"X-Key": "$SECRET_KEY"})

    assert objection is not None
    assert objection[1].startswith("The value of “X-Key” names a setting of Plexus itself")


def moved_to(url: str) -> Endpoint:
    endpoint = Endpoint.objects.select_related("provider").get()
    endpoint.base_url = url
    return endpoint


def test_a_stored_value_does_not_go_to_another_host() -> None:
    a_provider("p", auth="none", extra_headers={"X-Team": "sk-secret"})

    with pytest.raises(ValidationError) as refusal:
        moved_to("https://evil.example.com/v1").full_clean()

    (message,) = refusal.value.messages
    assert message.startswith(
        "The stored header “X-Team” of “p” has not gone to this host so far. Enter its value again"
    )


@pytest.mark.parametrize("headers", [{"X-Team": "$TEAM"}, {"X-Title": "plexus"}, {"X-Team": ""}])
def test_what_is_no_secret_goes_to_any_host(headers: dict[str, str]) -> None:
    a_provider("p", auth="none", extra_headers=headers)

    moved_to("https://new.example.com/v1").full_clean()


def test_a_value_that_is_typed_again_may_go_to_another_host() -> None:
    a_provider("p", auth="none", extra_headers={"X-Team": "red"})
    endpoint = moved_to("https://new.example.com/v1")
    endpoint.provider.extra_headers = endpoint.provider.enter_headers({"X-Team": "red"})

    endpoint.full_clean()


def written_before(headers: object) -> None:
    """As the release before this one would have stored them."""
    saved(Provider(name="p"))
    Provider.objects.update(extra_headers=headers)


def migrate(way: Any) -> None:
    with connection.schema_editor(atomic=False) as editor:
        way(apps, editor)


@pytest.mark.django_db(transaction=True)
def test_headers_that_were_there_are_sealed_and_can_be_opened_again() -> None:
    before = {"X-Team": "sk-secret", "X-Title": "plexus", "X-Empty": "", "X-Money": "$HOME", "User-Agent": "$HOME"}
    written_before(before)

    migrate(MIGRATION.seal)
    after = stored()
    migrate(MIGRATION.open_again)

    assert {name: after[name] for name in ("X-Title", "X-Empty")} == {"X-Title": "plexus", "X-Empty": ""}
    # What would be looked up from now on was sent as it stood.
    assert {name: vault().open(after[name]) for name in after if name not in ("X-Title", "X-Empty")} == {
        "X-Team": "sk-secret", "X-Money": "$HOME", "User-Agent": "$HOME",
    }  # fmt: skip
    assert stored() == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("headers", [{}, {"X-Title": "plexus"}, ["X-Team"], {"X-N": 5}])
def test_headers_that_need_no_seal_are_left_as_they_are(headers: Any) -> None:
    written_before(headers)

    migrate(MIGRATION.seal)

    assert stored() == headers
