"""`pricing` of a model -> our prices, in US dollars per million tokens."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from gateway.interchange.document import ABSENT, Said
from gateway.interchange.fields import Fields
from gateway.interchange.findings import Finding, Kind

_SIMPLE: Final = ("input", "output", "cached")
_RANGE: Final = ("input_per_m", "output_per_m", "cached_per_m")
_ANY_LENGTH: Final = (
    "A price does not depend on the length of the prompt here: that of the first range is used for all."
)
_PUBLIC: Final = "Prices that the provider publishes are looked up here for every model that has none."


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What a model costs; all ABSENT when the file does not say it in a way that is kept here."""

    input: Said[Decimal | None] = ABSENT
    output: Said[Decimal | None] = ABSENT
    cached: Said[Decimal | None] = ABSENT


def read_prices(model: Fields, discount: Decimal) -> Prices:
    """The prices of one model, less the provider's discount (0 to 1)."""
    pricing = model.inner("pricing", "input_usd_per_mtok")
    if pricing is None:
        return Prices()
    source = pricing.choice("source", "source", ("simple", "defined", "openrouter", "per_request"))
    prices = Prices()
    if source is ABSENT or source == "simple":
        prices = _read(pricing, _SIMPLE, discount)
        pricing.ignore("cache_write", "Writing to a cache costs the same as input here.")
    elif source == "defined":
        prices = _first_range(pricing, discount)
    elif source == "openrouter":
        pricing.ignore("slug", _PUBLIC)
        pricing.ignore("discount", _PUBLIC)
    elif source == "per_request":
        pricing.ignore("amount", "A price per request is not kept here: the public price list is asked.")
    pricing.ignore_the_rest(("source", *_SIMPLE, "range"))
    return prices


def _first_range(pricing: Fields, discount: Decimal) -> Prices:
    """A price does not depend on the length of the prompt here: the range for short ones is taken."""
    ranges = list(pricing.mappings("range", "range"))
    for other in ranges[1:]:
        pricing.findings.append(Finding(kind=Kind.IGNORED, place=other.where[""], message=_ANY_LENGTH))
    if not ranges:
        return Prices()
    first = ranges[0]
    for bound in ("lower_bound", "upper_bound"):
        first.ignore(bound, _ANY_LENGTH)
    first.ignore("cache_write_per_m", "Writing to a cache costs the same as input here.")
    prices = _read(first, _RANGE, discount)
    first.ignore_the_rest(_RANGE)
    return prices


def _read(fields: Fields, keys: tuple[str, str, str], discount: Decimal) -> Prices:
    price_in, price_out, cached = (_usd(fields, key, discount) for key in keys)
    return Prices(input=price_in or Decimal(0), output=price_out or Decimal(0), cached=cached)


def _usd(fields: Fields, key: str, discount: Decimal) -> Decimal | None:
    number = fields.number(key, key)
    if number is ABSENT or number is None:
        return None
    # By way of its shortest text: 0.15 is meant, not the nearest binary fraction.
    return (Decimal(str(number)) * (1 - discount)).quantize(Decimal("0.000001")).normalize()
