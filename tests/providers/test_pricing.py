"""What an exchange cost."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from providers.pricing import Price, Usage, cost_usd

OPENAI = "https://api.openai.com/v1"
PROXY = "http://127.0.0.1:9000/v1"
AT = datetime(2026, 1, 1, tzinfo=UTC)
USAGE = Usage(input_tokens=1_000_000, output_tokens=500_000)


def cost(
    usage: Usage = USAGE,
    *,
    provider: str = "openai",
    model: str = "gpt-4o-mini",
    base_url: str = OPENAI,
    override: Price | None = None,
) -> Decimal | None:
    return cost_usd(usage, provider=provider, model=model, base_url=base_url, override=override, at=AT)


def test_a_listed_model_costs_what_the_list_says() -> None:
    assert cost() == Decimal("0.15") + Decimal("0.60") / 2


def test_cached_input_costs_less() -> None:
    cached = Usage(input_tokens=1_000_000, output_tokens=0, cached_input_tokens=400_000)

    assert cost(cached) == Decimal("0.6") * Decimal("0.15") + Decimal("0.4") * Decimal("0.075")


def test_the_host_of_the_base_url_names_the_provider() -> None:
    assert cost(provider="whatever") == cost()
    assert cost(provider="openai", base_url="https://api.groq.com/openai/v1") is None


def test_a_proxy_that_bears_the_providers_exact_name_costs_the_same() -> None:
    assert cost(provider="OpenAI", base_url=PROXY) == cost()


@pytest.mark.parametrize("provider", ["demo", "my-openai-mock", "openai-2", ""])
def test_an_unknown_provider_has_no_price_though_the_model_is_known(provider: str) -> None:
    assert cost(provider=provider, base_url=PROXY) is None


@pytest.mark.parametrize("model", ["", "no-such-model", "gpt-4o-mini-of-our-own"])
def test_an_unknown_model_has_no_price(model: str) -> None:
    assert cost(model=model) is None


def test_output_of_a_model_without_an_output_price_has_no_price() -> None:
    embedding = "text-embedding-3-small"

    assert cost(Usage(input_tokens=1_000_000, output_tokens=0), model=embedding) == Decimal("0.02")
    assert cost(model=embedding) is None


def test_an_override_goes_before_the_list_and_needs_none() -> None:
    price = Price(input_usd_per_mtok=Decimal(2), output_usd_per_mtok=Decimal(4))

    assert cost(override=price) == Decimal(4)
    assert cost(provider="demo", base_url=PROXY, override=price) == Decimal(4)


def test_an_override_of_zero_is_free_and_not_unknown() -> None:
    free = Price(input_usd_per_mtok=Decimal(0), output_usd_per_mtok=Decimal(0))

    assert cost(override=free) == 0


@pytest.mark.parametrize(("cached_price", "expected"), [(None, "2"), (Decimal("0.5"), "1.25"), (Decimal(0), "1")])
def test_cached_input_costs_its_own_price_or_that_of_other_input(cached_price: Decimal | None, expected: str) -> None:
    cached = Usage(input_tokens=1_000_000, output_tokens=0, cached_input_tokens=500_000)
    price = Price(input_usd_per_mtok=Decimal(2), output_usd_per_mtok=Decimal(4), cached_input_usd_per_mtok=cached_price)

    assert cost(cached, override=price) == Decimal(expected)


def test_one_token_is_not_lost_to_rounding() -> None:
    price = Price(input_usd_per_mtok=Decimal("0.05"), output_usd_per_mtok=Decimal(0))

    assert cost(Usage(input_tokens=1, output_tokens=0), override=price) == Decimal("0.00000005")


def test_counts_that_contradict_each_other_have_no_price() -> None:
    assert cost(Usage(input_tokens=10, output_tokens=0, cached_input_tokens=11)) is None
