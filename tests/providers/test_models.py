"""The rules of providers, their addresses and their models, and how credentials are kept."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from pytest_django import Settings

from providers import secrets, wire
from providers.addresses import AllowedNetworks
from providers.models import Endpoint, Provider, ProviderModel, vault
from tests.gateways import saved
from tests.routing.rows import a_provider, message, refusals

pytestmark = pytest.mark.django_db


# Names of providers


@pytest.mark.parametrize("name", ["openai", "azure-openai", "my.proxy_2", "0x", "a" * 64])
def test_a_provider_is_named_by_letters_digits_dots_hyphens_and_underscores(name: str) -> None:
    assert refusals(Provider(name=name)) == {}


@pytest.mark.parametrize(
    "name", ["open ai", "open/ai", "openai:eu", "-openai", ".openai", "_x", "öpenai", "openai\n", "a@b"]
)
def test_any_other_name_of_a_provider_is_refused(name: str) -> None:
    assert refusals(Provider(name=name)) == {"name": ["invalid_name"]}


@pytest.mark.parametrize(("name", "code"), [("", "blank"), ("a" * 65, "max_length")])
def test_a_providers_name_is_neither_empty_nor_longer_than_64(name: str, code: str) -> None:
    assert refusals(Provider(name=name)) == {"name": [code]}


@pytest.mark.parametrize("name", ["direct", "Direct", "DIRECT"])
def test_direct_is_no_providers_name(name: str) -> None:
    assert refusals(Provider(name=name)) == {"name": ["reserved"]}
    assert "direct/provider/model" in message(Provider(name=name), "name")


def test_a_providers_name_is_there_once_and_case_counts() -> None:
    a_provider("openai")

    assert refusals(Provider(name="openai")) == {"name": ["unique"]}
    assert message(Provider(name="openai"), "name") == "A provider of this name already exists. Choose another name."
    assert refusals(Provider(name="OpenAI")) == {}


# How we show who we are


@pytest.mark.parametrize("header", ["api-key", "X-Auth", "Authorization", "x-api-key", "Cookie"])
def test_a_header_of_its_own_has_a_name(header: str) -> None:
    assert refusals(Provider(name="azure", auth="header", auth_header=header)) == {}


@pytest.mark.parametrize(
    "header", ["", "api key", "api:key", "api-key\r\nx", "ä", "Host", "Content-Length", "transfer-encoding"]
)
def test_a_header_that_cannot_carry_a_key_is_refused(header: str) -> None:
    assert refusals(Provider(name="azure", auth="header", auth_header=header)) == {"auth_header": ["invalid_header"]}


def test_without_a_header_of_its_own_none_need_be_named() -> None:
    assert refusals(Provider(name="openai", auth="bearer", auth_header="")) == {}


def test_a_way_to_authenticate_that_does_not_exist_is_refused() -> None:
    assert refusals(Provider(name="openai", auth="basic")) == {"auth": ["invalid_choice"]}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"HTTP-Referer": "https://plexus.example.com"},
        {"x-team": "blue", "anthropic-version": "2023-06-01"},
        {"x": ""},
    ],
)
def test_extra_headers_are_names_and_texts(headers: dict[str, str]) -> None:
    assert refusals(Provider(name="openai", extra_headers=headers)) == {}


@pytest.mark.parametrize(
    "headers",
    [
        *([], None, "x: y", 7, {"": "x"}, {"a b": "x"}, {"a:b": "x"}, {"ä": "x"}, {"a\r\nb": "x"}),
        *({"x": 7}, {"x": None}, {"x": ["y"]}, {"x": "a\r\nevil: 1"}, {"x": "a\x00"}, {"x": "日本"}),
        *({"Authorization": "Bearer x"}, {"X-API-Key": "x"}, {"host": "x"}, {"Content-Length": "7"}, {"Cookie": "a=b"}),
    ],
)
def test_any_other_extra_headers_are_refused(headers: Any) -> None:  # Any: whatever JSON holds
    assert refusals(Provider(name="openai", extra_headers=headers)) == {"extra_headers": ["invalid_header"]}


def test_the_refusal_names_the_header() -> None:
    provider = Provider(name="openai", extra_headers={"Authorization": "Bearer x"})

    assert message(provider, "extra_headers") == "“Authorization” is set by Plexus itself. Remove it."


@pytest.mark.parametrize("field", ["connect", "first_byte", "idle", "answer"])
@pytest.mark.parametrize("seconds", [0, -1, 10_000, float("nan"), float("inf")])
def test_a_time_limit_is_within_its_bounds(field: str, seconds: float) -> None:
    provider = Provider(name="openai", **{f"{field}_timeout_seconds": seconds})

    assert refusals(provider).keys() == {f"{field}_timeout_seconds"}


# Credentials


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


# Addresses


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


# Models


@pytest.mark.parametrize(
    "name",
    ["gpt-4o", "meta-llama/llama-3.3-70b:free", "@cf/meta/llama-3-8b", "ft:gpt-4o:acme::x1", "a/b/c@2024", "通义"],
)
def test_a_model_has_the_name_its_provider_gives_it(name: str) -> None:
    model = saved(ProviderModel(provider=a_provider("router"), name=name))

    assert str(model) == f"router/{name}"


@pytest.mark.parametrize("name", ["gpt 4o", "gpt-4o\n", "gpt\t4o", "a\x7fb", " gpt-4o", "gpt\u00a04o"])
def test_a_models_name_has_no_spaces_and_no_control_characters(name: str) -> None:
    assert refusals(ProviderModel(provider=a_provider(), name=name)) == {"name": ["invalid_name"]}


def test_a_provider_has_a_model_once() -> None:
    provider = a_provider("openai")
    saved(ProviderModel(provider=provider, name="gpt-4o"))

    assert refusals(ProviderModel(provider=provider, name="gpt-4o")) == {"__all__": ["taken"]}
    assert refusals(ProviderModel(provider=provider, name="GPT-4o")) == {}
    assert refusals(ProviderModel(provider=a_provider("azure"), name="gpt-4o")) == {}


@pytest.mark.parametrize("api_types", [[], ["chat"], ["chat", "embeddings"], list(wire.FORMATS)])
def test_a_model_does_some_api_types_or_all(api_types: list[str]) -> None:
    assert refusals(ProviderModel(provider=a_provider(), name="gpt-4o", api_types=api_types)) == {}


@pytest.mark.parametrize(
    "api_types", [["smoke-signals"], ["chat", "Chat"], "chat", {}, {"chat": 1}, None, [["chat"]], [{}], [1], [None]]
)
def test_api_types_that_do_not_exist_are_refused(api_types: Any) -> None:  # Any: whatever JSON holds
    assert refusals(ProviderModel(provider=a_provider(), name="gpt-4o", api_types=api_types)) == {
        "api_types": ["invalid_api_type"]
    }


def priced(input_usd: str | None, output_usd: str | None, cached_usd: str | None = None) -> ProviderModel:
    prices = [None if usd is None else Decimal(usd) for usd in (input_usd, output_usd, cached_usd)]
    return ProviderModel(
        provider=a_provider(),
        name="gpt-4o",
        input_usd_per_mtok=prices[0],
        output_usd_per_mtok=prices[1],
        cached_input_usd_per_mtok=prices[2],
    )


@pytest.mark.parametrize("prices", [(None, None, None), ("2.5", "10", None), ("2.5", "10", "1.25"), ("0", "0", "0")])
def test_prices_come_in_pairs_or_not_at_all(prices: tuple[str | None, str | None, str | None]) -> None:
    assert refusals(priced(*prices)) == {}


def test_half_a_price_is_refused_beside_the_half_that_is_missing() -> None:
    assert refusals(priced("2.5", None)) == {"output_usd_per_mtok": ["price_incomplete"]}
    assert refusals(priced(None, "10", "1")) == {"input_usd_per_mtok": ["price_incomplete"]}
    assert refusals(priced(None, None, "1")) == {"input_usd_per_mtok": ["price_incomplete"]}


@pytest.mark.parametrize(
    ("usd", "code"), [("-0.000001", "min_value"), ("0.0000001", "max_decimal_places"), ("1e12", "max_digits")]
)
def test_a_price_is_a_small_decimal_and_not_negative(usd: str, code: str) -> None:
    assert code in refusals(priced(usd, "1"))["input_usd_per_mtok"]


@pytest.mark.parametrize("usd", ["NaN", "Infinity"])
def test_a_price_is_a_number(usd: str) -> None:
    assert refusals(priced(usd, "1")).keys() == {"input_usd_per_mtok"}


def test_a_context_has_at_least_one_token() -> None:
    model = ProviderModel(provider=a_provider(), name="gpt-4o", context_length=0)

    assert set(refusals(model)["context_length"]) == {"min_value"}


@pytest.mark.parametrize(
    "row", [Endpoint(api_type="chat", base_url="https://a.example.com"), ProviderModel(name="gpt-4o")]
)
def test_what_belongs_to_no_provider_is_refused_beside_that_field(row: Endpoint | ProviderModel) -> None:
    assert refusals(row) == {"provider": ["null"]}


def test_every_refusal_of_a_provider_is_told_at_once() -> None:
    provider = Provider(name="direct", auth="header", credential="$", extra_headers=["x"])

    with pytest.raises(ValidationError) as refusal:
        provider.full_clean()

    assert refusal.value.error_dict.keys() == {"name", "auth_header", "credential", "extra_headers"}


def test_the_database_takes_no_credential_in_clear(db: None) -> None:
    provider = saved(Provider(name="openai", credential="sk-secret"))

    with pytest.raises(IntegrityError, match="provider_credential_is_never_in_clear"), transaction.atomic():
        Provider.objects.filter(pk=provider.pk).update(credential="sk-secret")
