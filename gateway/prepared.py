"""What a call to one upstream needs, made once per table version and not once per request."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Final
from urllib.parse import quote

import msgspec

from gateway.echoes import worth_hiding, worth_hiding_in_errors
from providers.client import ReadyHeaders, ready_headers
from providers.pricing import Price
from providers.timeouts import Timeouts
from routing.table import Upstream, Waits

HeaderList = list[tuple[bytes, bytes]]
Way = tuple[tuple[bytes, bytes], ...]
"""Headers that tell who answered, and how many were asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The deadlines that hold where a provider sets none of its own, in seconds."""

    connect_seconds: float
    first_byte_seconds: float
    idle_seconds: float
    semantic_idle_seconds: float
    answer_seconds: float
    stream_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """An upstream, ready to be called. Holds the credential in clear: never encoded, logged or shown."""

    headers: ReadyHeaders
    model_json: bytes
    """The model's name as a JSON string."""
    credential: bytes
    secrets: tuple[bytes, ...]
    """What is blotted out where an answer repeats it: the credential and hidden headers, unless they are placeholders."""
    secrets_in_errors: tuple[bytes, ...]
    """The same for errors, shorter ones too."""
    for_streams: Timeouts
    for_answers: Timeouts
    price: Price | None
    name: str
    """provider/model"""

    def __repr__(self) -> str:
        return f"<Prepared {self.name}>"


NO_WAITS: Final = Waits()
NOTHING_OPENED: Final[Mapping[str, str]] = MappingProxyType({})


def prepare(
    upstream: Upstream,
    *,
    credential: str,
    limits: Limits,
    waits: Waits = NO_WAITS,
    opened: Mapping[str, str] = NOTHING_OPENED,
) -> Prepared:
    """Everything about `upstream` that does not change from request to request.

    `waits`: the target's own deadlines. `opened`: what is sent of extra headers that are secrets. Raises Misconfigured.
    """
    connect = waits.connect_seconds or upstream.connect_timeout_seconds or limits.connect_seconds
    answer = waits.answer_seconds or upstream.answer_timeout_seconds or limits.answer_seconds
    first_byte = waits.first_byte_seconds or upstream.first_byte_timeout_seconds or limits.first_byte_seconds
    return Prepared(
        headers=ready_headers(_headers(upstream, opened, credential)),
        model_json=msgspec.json.encode(upstream.model),
        credential=credential.encode("latin-1"),
        secrets=worth_hiding([credential, *opened.values()]),
        secrets_in_errors=worth_hiding_in_errors(credential, opened.values()),
        for_streams=Timeouts(
            connect_seconds=connect,
            first_byte_seconds=first_byte,
            idle_seconds=waits.idle_seconds or upstream.idle_timeout_seconds or limits.idle_seconds,
            semantic_idle_seconds=upstream.semantic_idle_timeout_seconds or limits.semantic_idle_seconds,
            total_seconds=limits.stream_seconds,
        ),
        # A whole answer sends nothing until it is written, at most its head: only the end counts.
        for_answers=Timeouts(
            connect_seconds=connect, first_byte_seconds=answer, idle_seconds=answer, total_seconds=answer
        ),
        price=_price(upstream),
        name=upstream.name,
    )


def _headers(upstream: Upstream, opened: Mapping[str, str], credential: str) -> HeaderList:
    headers = {"content-type": "application/json", "user-agent": "plexus"}
    headers |= {name.lower(): opened.get(name, value) for name, value in upstream.headers.items()}
    headers |= _authentication(upstream, credential)
    return [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]


def _authentication(upstream: Upstream, credential: str) -> Mapping[str, str]:
    match upstream.auth:
        case "bearer" if credential:
            return {"authorization": f"Bearer {credential}"}
        case "x-api-key" if credential:
            return {"x-api-key": credential}
        case "header" if credential:
            return {upstream.auth_header.lower(): credential}
        case _:
            return {}


def _price(upstream: Upstream) -> Price | None:
    if upstream.input_usd_per_mtok is None or upstream.output_usd_per_mtok is None:
        return None
    cached = upstream.cached_input_usd_per_mtok
    return Price(
        input_usd_per_mtok=Decimal(upstream.input_usd_per_mtok),
        output_usd_per_mtok=Decimal(upstream.output_usd_per_mtok),
        cached_input_usd_per_mtok=None if cached is None else Decimal(cached),
    )


@lru_cache(maxsize=4096)
def way_pairs(provider: str, model: str, alias: str, attempts: int) -> Way:
    """The way of a request, as its answer tells it. Names come from configuration, so there are only so many."""
    return (
        (b"x-plexus-provider", shown(provider).encode("ascii")),
        (b"x-plexus-model", shown(model).encode("ascii")),
        (b"x-plexus-alias", shown(alias).encode("ascii")),
        (b"x-plexus-attempts", b"%d" % attempts),
    )


def shown(name: str) -> str:
    """A name as a response header may carry it: what is not plain is percent-encoded, so nothing can split a header."""
    return quote(name, safe="._:/@-")[:256]
