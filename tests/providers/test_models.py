"""The rules of providers, their addresses and their models, and how credentials are kept."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from providers import wire
from providers.models import Endpoint, Provider, ProviderModel
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
