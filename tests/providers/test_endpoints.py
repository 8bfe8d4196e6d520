"""Where a provider is called, and where its stored key may go."""

import pytest
from pytest_django import Settings

from providers import wire
from providers.addresses import AllowedNetworks
from providers.models import Endpoint, Provider
from tests.gateways import saved
from tests.routing.rows import a_provider, message, refusals

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "url", ["https://api.openai.com/v1", "https://api.openai.com/v1/chat/completions", "https://8.8.8.8"]
)
def test_an_address_is_a_root_or_a_whole_endpoint(url: str) -> None:
    assert refusals(Endpoint(provider=a_provider(api_types=()), api_type="chat", base_url=url)) == {}


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ftp://api.example.com", "invalid_base_url"),
        ("api.example.com/v1", "invalid_base_url"),
        ("https://user:secret@api.example.com", "invalid_base_url"),
        ("https://api.example.com/v1?key=secret", "invalid_base_url"),
        ("https://127.0.0.1/v1", "private_base_url"),
        ("https://localhost:11434/v1", "private_base_url"),
        ("https://2130706433/v1", "private_base_url"),
        ("https://169.254.169.254/latest", "private_base_url"),
        ("http://api.example.com/v1", "insecure_base_url"),
    ],
)
def test_an_address_that_may_not_be_called_is_refused(url: str, code: str) -> None:
    assert refusals(Endpoint(provider=a_provider(api_types=()), api_type="chat", base_url=url)) == {"base_url": [code]}


def test_a_private_address_is_refused_with_the_setting_that_allows_it(settings: Settings) -> None:
    endpoint = Endpoint(provider=a_provider(api_types=()), api_type="chat", base_url="http://127.0.0.1:11434")

    assert "PLEXUS_PRIVATE_UPSTREAMS" in message(endpoint, "base_url")
    settings.PLEXUS_PRIVATE_UPSTREAMS = AllowedNetworks.parse("127.0.0.0/8:11434")
    assert refusals(endpoint) == {}


def test_the_clouds_metadata_is_never_called_whatever_the_setting_says(settings: Settings) -> None:
    settings.PLEXUS_PRIVATE_UPSTREAMS = AllowedNetworks.parse("0.0.0.0/0")
    endpoint = Endpoint(provider=a_provider(api_types=()), api_type="chat", base_url="http://169.254.169.254/latest")

    assert refusals(endpoint) == {"base_url": ["private_base_url"]}


def test_a_provider_has_one_address_for_each_api_type() -> None:
    provider = a_provider(api_types=("chat",))

    assert refusals(Endpoint(provider=provider, api_type="embeddings", base_url="https://a.example.com")) == {}
    assert refusals(Endpoint(provider=provider, api_type="chat", base_url="https://a.example.com")) == {
        "__all__": ["taken"]
    }


@pytest.mark.parametrize("api_type", wire.FORMATS)
def test_every_api_type_may_have_an_address(api_type: str) -> None:
    assert (
        refusals(Endpoint(provider=a_provider(api_types=()), api_type=api_type, base_url="https://a.example.com")) == {}
    )


def as_another_finds_it(provider: Provider) -> Provider:
    """The provider as whoever comes later loads it: its key stored, and not entered by them."""
    return Provider.objects.get(pk=provider.pk)


@pytest.mark.parametrize(
    "url",
    ["https://evil.example.com/v1", "http://openai.example.com/v1", "https://openai.example.com:8443/v1"],
)
def test_a_stored_key_is_not_sent_to_a_server_that_it_was_not_entered_for(url: str, settings: Settings) -> None:
    settings.PLEXUS_PRIVATE_UPSTREAMS = AllowedNetworks.parse("10.0.0.0/8")
    provider = as_another_finds_it(a_provider("openai", credential="sk-very-secret"))
    moved = provider.endpoints.get()
    moved.base_url = url
    another = Endpoint(provider=provider, api_type="embeddings", base_url=url)

    assert refusals(moved) == refusals(another) == {"base_url": ["credential_needed"]}
    assert "Enter the credential again" in message(moved, "base_url")


def test_whoever_takes_the_address_away_first_gains_nothing() -> None:
    provider = as_another_finds_it(a_provider("openai", credential="sk-very-secret"))
    provider.endpoints.get().delete()

    later = Endpoint(provider=provider, api_type="chat", base_url="https://evil.example.com/v1")

    assert refusals(later) == {"base_url": ["credential_needed"]}


def test_at_its_server_a_stored_key_may_go_anywhere() -> None:
    provider = as_another_finds_it(a_provider("openai", credential="sk-very-secret"))
    address = provider.endpoints.get()
    address.base_url = "https://OpenAI.example.com:443/v2/chat/completions"

    assert refusals(address) == {}


@pytest.mark.parametrize("credential", ["sk-entered-again", "$OPENAI_API_KEY", ""])
def test_whoever_enters_the_credential_says_where_it_goes(credential: str) -> None:
    provider = as_another_finds_it(a_provider("openai", credential="sk-very-secret"))
    provider.credential = credential
    saved(provider)

    assert refusals(Endpoint(provider=provider, api_type="embeddings", base_url="https://e.example.com")) == {}


def test_an_api_type_that_does_not_exist_is_refused() -> None:
    endpoint = Endpoint(provider=a_provider(), api_type="smoke-signals", base_url="https://a.example.com")

    assert refusals(endpoint) == {"api_type": ["invalid_choice"]}
