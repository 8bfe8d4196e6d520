"""The system checks of providers."""

from typing import Any

import pytest
from pytest_django import Settings

from providers.addresses import AllowedNetworks
from providers.checks import check_providers
from providers.models import Endpoint, Provider
from tests.gateways import saved

pytestmark = pytest.mark.django_db


def a_provider(**fields: Any) -> Provider:
    provider = saved(Provider(name="openai", **fields))
    saved(Endpoint(provider=provider, api_type="chat", base_url="https://api.openai.com/v1"))
    return provider


def warnings() -> list[tuple[str | None, str]]:
    return [(warning.id, warning.msg) for warning in check_providers(None)]


def test_a_reference_that_the_environment_holds_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMEBODY_SET_THIS", "sk-x")
    a_provider(credential="$SOMEBODY_SET_THIS")

    assert warnings() == []


def test_a_reference_that_leads_nowhere_is_named() -> None:
    a_provider(credential="$NOBODY_SET_THIS")

    ((id, message),) = warnings()

    assert id == "providers.W001"
    assert "NOBODY_SET_THIS is not set" in message


def test_a_provider_without_a_credential_is_named() -> None:
    a_provider()

    assert [id for id, _ in warnings()] == ["providers.W002"]


def test_a_provider_that_needs_no_credential_needs_none() -> None:
    a_provider(auth="none")

    assert warnings() == []


def test_a_credential_that_is_not_sent_is_not_looked_for() -> None:
    a_provider(auth="none", credential="$NOBODY_SET_THIS")

    assert warnings() == []


def test_a_provider_without_an_address_is_named() -> None:
    saved(Provider(name="openai", auth="none"))

    assert [id for id, _ in warnings()] == ["providers.W003"]


def test_a_disabled_provider_may_lack_everything() -> None:
    saved(Provider(name="openai", enabled=False))

    assert warnings() == []


def test_an_extra_header_whose_variable_is_not_set_is_told_by_name() -> None:
    a_provider(auth="none", extra_headers={"X-Team": "red", "Helicone-Auth": "$NOBODY_SET_THIS"})

    ((id, message),) = warnings()

    assert id == "providers.W001"
    assert "cannot be called: The extra header “Helicone-Auth”: The environment variable NOBODY_SET_THIS" in message


def test_plain_http_to_a_public_name_is_named(settings: Settings) -> None:
    settings.PLEXUS_PRIVATE_UPSTREAMS = AllowedNetworks.parse("10.0.0.0/8")
    provider = a_provider(auth="none")
    saved(Endpoint(provider=provider, api_type="embeddings", base_url="http://api.openai.com/v1"))

    ((id, message),) = warnings()

    assert id == "providers.W004"
    assert "“api.openai.com” looks like a public name" in message
