"""Our rates against the list itself, for every model in it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from random import Random

import genai_prices
from genai_prices.data_snapshot import get_snapshot

from providers.price_list import listed_tiers

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
FINEST = Decimal("0.000000000001")


def ours(provider: str, model: str, counts: tuple[int, int, int, int]) -> Decimal | None:
    tiers = listed_tiers(provider, model, int(AT.timestamp()) // 60)
    if tiers is None:
        return None
    given, cached, written, made = counts
    cost = tiers.cost_usd(input=given, cached_input=cached, cache_write=written, output=made)
    return None if cost is None else cost.quantize(FINEST)


def the_lists(provider: str, model: str, counts: tuple[int, int, int, int]) -> Decimal | None:
    given, cached, written, made = counts
    usage = genai_prices.Usage(
        input_tokens=given, cache_read_tokens=cached, cache_write_tokens=written, output_tokens=made
    )
    try:
        listed = genai_prices.calc_price(usage, model, provider_id=provider, genai_request_timestamp=AT)
    except (LookupError, ValueError):
        return None
    price = listed.model_price
    if (given and price.input_mtok is None) or (made and price.output_mtok is None):
        return None  # it would say zero
    return listed.total_price.quantize(FINEST)


def every_model() -> list[tuple[str, str]]:
    return [(provider.id, model.id) for provider in get_snapshot().providers for model in provider.models]


def test_a_request_costs_what_the_list_says_whatever_the_model() -> None:
    chance, models, different = Random(7), every_model(), []

    for provider, model in models:
        given = chance.choice([0, 1, 999, 200_000, 200_001, 1_000_001])
        cached = chance.choice([0, 0, given // 3])
        counts = (given, cached, chance.choice([0, 0, (given - cached) // 2]), chance.choice([0, 1, 5_000]))
        expected = the_lists(provider, model, counts)
        if ours(provider, model, counts) != expected:
            different.append((provider, model, counts, ours(provider, model, counts), expected))

    assert len(models) > 1_000
    assert different == []


def test_a_model_that_the_list_does_not_know_has_no_rates() -> None:
    assert listed_tiers("openai", "gpt-4o-mini-of-our-own", 0) is None


def test_a_long_input_makes_all_of_the_request_dearer_where_the_list_has_tiers() -> None:
    tiers = listed_tiers("google", "gemini-2.5-pro", int(AT.timestamp()) // 60)

    assert tiers is not None
    (end,) = tiers.longest
    short = tiers.cost_usd(input=end, cached_input=0, cache_write=0, output=0)
    long = tiers.cost_usd(input=end + 1, cached_input=0, cache_write=0, output=0)
    assert short is not None
    assert long is not None
    assert long > 1.5 * float(short)
