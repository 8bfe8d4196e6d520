"""The public price list (the package genai-prices), as rates per token that are looked up once.

The list computes a cost in 50 µs, most of it in finding out which of its many kinds of price a model has. Within one tier the
cost of a request is a straight line in each kind of token; so the list is asked once, with counts from which the rates can be
read off, and what follows are four multiplications. tests/providers/test_price_list.py compares both for every
model of the list.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from genai_prices.types import ModelPrice


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """US dollars per token; None where the list has no price for such a token."""

    request: Decimal
    """For the request itself: some providers ask for that too."""
    input: Decimal | None
    cached_input: Decimal | None
    cache_write: Decimal | None
    output: Decimal | None


class Tiers(msgspec.Struct, frozen=True, kw_only=True):
    """The rates of a model. Where a long input makes all of a request dearer, there are several."""

    longest: tuple[int, ...]
    """The most input tokens of each tier but the last, which has no end."""
    rates: tuple[Rates, ...]

    def cost_usd(self, *, input: int, cached_input: int, cache_write: int, output: int) -> Decimal | None:
        """`input` includes the two that follow it. None where the list has no price for what was used.

        The list takes a missing price for zero; some of its models have none at all.
        """
        rates = self.rates[bisect_left(self.longest, input)]
        total = rates.request
        for count, rate in (
            (input - cached_input - cache_write, rates.input),
            (cached_input, rates.cached_input),
            (cache_write, rates.cache_write),
            (output, rates.output),
        ):
            if count:
                if rate is None:
                    return None
                total += count * rate
        return total


@lru_cache(maxsize=4_096)
def listed_tiers(provider_id: str, model: str, minute: int) -> Tiers | None:
    """The rates of a model in this minute since the epoch; None where the list does not know it.

    Prices change by the day, and some by the time of day, but not within a minute. The list takes 0.15 s to load, so it is
    imported when first needed.
    """
    from genai_prices.data_snapshot import get_snapshot

    try:
        _, found = get_snapshot().find_provider_model(model, None, provider_id, None)
    except LookupError:
        return None
    price = found.get_prices(datetime.fromtimestamp(minute * 60, UTC))
    longest = _longest_inputs(price)
    # One token lies in the first tier; one more than the longest input of a tier, in the next.
    return Tiers(longest=longest, rates=tuple(_rates(price, at) for at in (1, *(end + 1 for end in longest))))


def _longest_inputs(price: ModelPrice) -> tuple[int, ...]:
    """Where tiers end. Each kind of token may have its own."""
    kinds = (value for value in vars(price).values() if value is not None)
    return tuple(sorted({tier.start for kind in kinds for tier in getattr(kind, "tiers", ())}))


def _rates(price: ModelPrice, at: int) -> Rates:
    """Of the tier in which `at` input tokens lie."""
    has_input, has_output = price.input_mtok is not None, price.output_mtok is not None
    of_input = _cost(price, input_tokens=at)
    return Rates(
        request=_cost(price) or Decimal(0),
        input=_rate(price, at, input_tokens=at) if has_input else None,
        cached_input=_rate(price, at, input_tokens=at, cache_read_tokens=at) if has_input else None,
        cache_write=_rate(price, at, input_tokens=at, cache_write_tokens=at) if has_input else None,
        output=_difference(_cost(price, input_tokens=at, output_tokens=1), of_input) if has_output else None,
    )


def _rate(price: ModelPrice, tokens: int, **counts: int) -> Decimal | None:
    cost = _difference(_cost(price, **counts), _cost(price))
    return None if cost is None else cost / tokens


def _difference(more: Decimal | None, less: Decimal | None) -> Decimal | None:
    return None if more is None or less is None else more - less


def _cost(price: ModelPrice, **counts: Any) -> Decimal | None:  # Any: genai_prices.Usage takes many kinds of count
    import genai_prices

    try:
        return price.calc_price(genai_prices.Usage(**counts))["total_price"]
    except (LookupError, ValueError):
        return None
