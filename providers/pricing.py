"""What an exchange cost, in US dollars; `None` where nobody told us the price, for unknown is not zero.

Prices come from the administrator first, then from the list that the package genai-prices carries with it (nothing is
fetched). A price is looked up in the list only for a provider that the list knows, which is decided

1. by the host of the base URL, because whoever answers there sends the bill;
2. else by a provider name that is exactly one of the list's ids: an administrator who calls a proxy `openai` says so.

Never by the model alone: `llama-3.3-70b` costs nothing on one's own machine, and each host asks its own price for it.
Nor by a name that merely contains a provider's, as the list itself would: `my-openai-mock` sends no bill.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final

import msgspec

from providers.price_list import listed_tiers

_MILLION: Final = Decimal(1_000_000)


class Usage(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """Tokens, as the upstream counted them."""

    input_tokens: int
    output_tokens: int
    cached_input_tokens: int = 0
    """The part of the input that was read from the provider's cache."""
    cache_write_tokens: int = 0
    """The part of the input that was written to it."""
    reasoning_tokens: int = 0
    """The part of the output that was thought and not said."""


class Price(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """An administrator's price for a model, in US dollars per million tokens."""

    input_usd_per_mtok: Decimal
    output_usd_per_mtok: Decimal
    cached_input_usd_per_mtok: Decimal | None = None
    """`None`: as much as other input."""


def cost_usd(
    usage: Usage,
    *,
    provider: str,
    model: str,
    base_url: str,
    override: Price | None,
    at: datetime | None = None,
) -> Decimal | None:
    """The cost of `usage` at the prices of the moment `at` (now, where it is not given), or `None` if unknown.

    `provider` is the provider's name here, `model` the upstream's id of the model.
    """
    if usage.cached_input_tokens + usage.cache_write_tokens > usage.input_tokens:
        return None  # The counts contradict each other.
    if override is not None:
        return _cost_at(override, usage)
    provider_id = _listed_provider(provider, base_url)
    if provider_id is None:
        return None
    return _listed_cost(usage, provider_id, model, at)


def _cost_at(price: Price, usage: Usage) -> Decimal:
    cached_price = price.cached_input_usd_per_mtok
    if cached_price is None:
        cached_price = price.input_usd_per_mtok
    uncached_tokens = usage.input_tokens - usage.cached_input_tokens
    total = (
        uncached_tokens * price.input_usd_per_mtok
        + usage.cached_input_tokens * cached_price
        + usage.output_tokens * price.output_usd_per_mtok
    )
    return total / _MILLION


@lru_cache(maxsize=1_024)
def _listed_provider(name: str, base_url: str) -> str | None:
    """The list's id of a provider. The list takes 0.15 s to load, so it is imported when first needed."""
    from genai_prices.data_snapshot import get_snapshot

    snapshot = get_snapshot()
    try:
        return snapshot.find_provider(None, None, base_url.lower()).id
    except LookupError:
        pass
    ids = {provider.id for provider in snapshot.providers}
    return name.lower() if name.lower() in ids else None


def _listed_cost(usage: Usage, provider_id: str, model: str, at: datetime | None) -> Decimal | None:
    tiers = listed_tiers(provider_id, model, int((at or datetime.now(UTC)).timestamp()) // 60)
    if tiers is None:
        return None
    return tiers.cost_usd(
        input=usage.input_tokens,
        cached_input=usage.cached_input_tokens,
        cache_write=usage.cache_write_tokens,
        output=usage.output_tokens,
    )
