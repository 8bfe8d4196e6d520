"""What a deployment's `litellm_params` and `model_info` say of the model itself: prices, mode and length."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from gateway.interchange.document import ABSENT, Places, or_else
from gateway.interchange.fields import Fields
from gateway.interchange.findings import Kind
from gateway.interchange.litellm import nothing
from gateway.interchange.litellm import vocabulary as words

_PER_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """Fields of a ModelEntry, and where the file says them."""

    said: dict[str, Any] = field(default_factory=dict)  # Any: each field has its own type
    order: int | None = None
    where: Places = field(default_factory=dict)

    def of_the_model(self) -> dict[str, Any]:  # Any: keyword arguments of an entry
        prices = {name: self.said[name] for name in words.COSTS.values() if name in self.said}
        both = dict.fromkeys(("input_usd_per_mtok", "output_usd_per_mtok"), Decimal(0)) if prices else {}
        return both | self.said


def read_facts(params: Fields, info: Fields | None) -> ModelFacts:
    """What both say together; `litellm_params` goes first, as there."""
    said: dict[str, Any] = {}  # Any: as above
    order = None
    if info is not None:
        said |= dict(_costs(info)) | dict(_about_the_model(info))
        order = or_else(info.whole_number("order", "tier"), None)
        if order is not None and "order" in params:
            info.note(Kind.IGNORED, "order", "`litellm_params` says it already.")
        _say_what_means_nothing(info)
    said |= dict(_costs(params))
    said |= _room(params)
    where = {name: place for one in (info, params) if one is not None for name, place in one.where.items() if name}
    return ModelFacts(said=said, order=order, where=where)


def _costs(fields: Fields) -> Iterator[tuple[str, Decimal]]:
    for key, into in words.COSTS.items():
        number = fields.number(key, into)
        if number is not ABSENT and number is not None:
            # By way of its shortest text: 1.5e-07 is meant, not the nearest binary fraction.
            yield into, (Decimal(str(number)) * _PER_MILLION).quantize(Decimal("0.000001")).normalize()


def _about_the_model(info: Fields) -> Iterator[tuple[str, object]]:
    length = info.whole_number("max_input_tokens", "context_length")
    if length is not ABSENT and length is not None:
        yield "context_length", length
    mode = info.text("mode", "api_types")
    if mode is ABSENT or not mode:
        return
    if mode in words.MODES:
        yield "api_types", [words.MODES[mode]]
    else:
        info.note(Kind.IGNORED, "mode", f"“{mode}” is not spoken here: the model is imported for what it does besides.")


def _room(params: Fields) -> dict[str, Any]:  # Any: as above
    most = params.whole_number("max_parallel_requests", "max_in_flight")
    return {} if most is ABSENT or most is None else {"max_in_flight": most}


def _say_what_means_nothing(info: Fields) -> None:
    info.ignore_each(nothing.NOTHING_OF_INFO)
    for key in [key for key in info.names() if key.startswith("supports_")]:
        info.ignore(key, "What a model can do is not looked at: it refuses what it cannot do itself.")
    info.ignore_the_rest(words.INFO_KEYS)


def read_seconds(fields: Fields, key: str, into: str, most: float) -> float | None:
    """A time limit, at most as long as one may be here."""
    number = fields.number(key, into)
    if number is ABSENT or number is None:
        return None
    if number > most:
        fields.note(Kind.ADAPTED, key, f"A limit is at most {most:g} seconds here.")
    return min(number, most)
