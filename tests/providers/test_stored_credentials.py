"""A provider's credential: a reference, or a literal that is sealed."""

import pytest
from django.db import connection
from pytest_django import Settings

from providers import secrets
from providers.models import Provider, vault
from tests.gateways import saved
from tests.routing.rows import refusals

pytestmark = pytest.mark.django_db


def stored_credential(provider: Provider) -> str:
    """What the database really holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT credential FROM providers_provider WHERE id = %s", [provider.pk])
        (credential,) = cursor.fetchone()
    return str(credential)


@pytest.mark.parametrize("reference", ["$OPENAI_API_KEY", "${OPENAI_API_KEY}", "$_x1"])
def test_a_reference_is_kept_as_it_is_and_may_be_shown(reference: str) -> None:
    provider = saved(Provider(name="openai", credential=reference))

    assert stored_credential(provider) == reference
    assert provider.credential_shown == reference


@pytest.mark.parametrize("reference", ["$", "$1KEY", "$OPEN-AI", "${OPENAI", "$OPENAI}", "${}", "$A $B", "$KÉY"])
def test_a_reference_that_is_written_wrongly_is_refused(reference: str) -> None:
    assert refusals(Provider(name="openai", credential=reference)) == {"credential": ["invalid_reference"]}


@pytest.mark.parametrize(
    "name",
    ["SECRET_KEY", "DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "POSTGRES_PASSWORD", "PLEXUS_ENCRYPTION_KEYS"],
)
def test_a_secret_of_our_own_is_no_providers_credential(name: str) -> None:
    assert refusals(Provider(name="openai", credential=f"${name}")) == {"credential": ["our_own_secret"]}
    assert refusals(Provider(name="openai", credential=f"${{{name}}}")) == {"credential": ["our_own_secret"]}


@pytest.mark.parametrize("credential", ["sk two", "sk\n", "sk\r\nevil: 1", "sk\t", "sk\x00", "ключ", "sk\u2028"])
def test_a_credential_that_no_header_can_carry_is_refused(credential: str) -> None:
    said = refusals(Provider(name="openai", credential=credential))

    assert "invalid_credential" in said["credential"]


def test_a_literal_is_sealed_in_the_database_and_never_shown() -> None:
    provider = saved(Provider(name="openai", credential="sk-very-secret"))

    stored = stored_credential(provider)
    assert "sk-very-secret" not in stored
    assert vault().open(stored) == "sk-very-secret"
    assert provider.credential == stored
    assert provider.credential_shown == "stored, encrypted"


def test_what_is_sealed_is_not_sealed_again() -> None:
    provider = saved(Provider(name="openai", credential="sk-very-secret"))
    first = stored_credential(provider)

    saved(provider)
    again = saved(Provider.objects.get(name="openai"))
    again.enabled = False
    again.save(update_fields=["enabled"])

    assert stored_credential(provider) == first


def test_a_literal_that_looks_a_little_like_a_reference_is_sealed() -> None:
    provider = saved(Provider(name="openai", credential="sk-$HOME"))

    assert secrets.is_sealed(stored_credential(provider))


def test_a_credential_that_is_replaced_is_sealed_anew_and_one_that_is_removed_is_gone() -> None:
    provider = saved(Provider(name="openai", credential="sk-old"))
    provider.credential = "sk-new"
    saved(provider)

    assert vault().open(stored_credential(provider)) == "sk-new"
    provider.credential = ""
    saved(provider)
    assert (stored_credential(provider), provider.credential_shown) == ("", "")


def test_a_stored_credential_is_opened_with_an_older_key_after_a_rotation(settings: Settings) -> None:
    provider = saved(Provider(name="openai", credential="sk-very-secret"))

    settings.PLEXUS_ENCRYPTION_KEYS = [secrets.new_key(), *settings.PLEXUS_ENCRYPTION_KEYS]

    assert vault().open(stored_credential(provider)) == "sk-very-secret"
