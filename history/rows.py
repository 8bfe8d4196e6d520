"""An Exchange as a plain dict that JSON and every database can hold: what crosses from the gateway to the workers."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypedDict

from history.records import Attempt, Exchange
from providers.pricing import Price, Usage


class UsageRow(TypedDict):
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int


class PriceRow(TypedDict):
    """Decimal numbers as text."""

    input_usd_per_mtok: str
    output_usd_per_mtok: str
    cached_input_usd_per_mtok: str | None


class AttemptRow(TypedDict):
    number: int
    target_id: int | None
    provider: str
    model: str
    url: str
    started_at: float
    latency_ms: float
    first_byte_ms: float | None
    status: int | None
    outcome: str
    condition: str
    error: str
    upstream_request_id: str


class Row(TypedDict):
    """See history.records.Exchange."""

    id: str
    started_at: float
    key_id: int | None
    key_name: str
    client_address: str
    api_type: str
    requested_model: str
    alias: str
    alias_id: int | None
    provider: str
    model: str
    target_id: int | None
    streamed: bool
    outcome: str
    status: int
    error_code: str
    error: str
    latency_ms: float
    first_byte_ms: float | None
    request_bytes: int
    answer_bytes: int
    finish_reason: str
    left_out: str
    usage: UsageRow | None
    price: PriceRow | None
    attempts: list[AttemptRow]


def row_of(exchange: Exchange) -> Row:
    """The exchange as it goes to the workers, its texts fit for any database."""
    return {
        "id": exchange.id,
        "started_at": exchange.started_at,
        "key_id": exchange.key_id,
        "key_name": clean(exchange.key_name, 128),
        "client_address": clean(exchange.client_address, 64),
        "api_type": clean(exchange.api_type, 32),
        "requested_model": clean(exchange.requested_model, 256),
        "alias": clean(exchange.alias, 128),
        "alias_id": exchange.alias_id,
        "provider": clean(exchange.provider, 64),
        "model": clean(exchange.model, 256),
        "target_id": exchange.target_id,
        "streamed": exchange.streamed,
        "outcome": exchange.outcome.value,
        "status": exchange.status,
        "error_code": clean(exchange.error_code, 64),
        "error": clean(exchange.error, 2000),
        "latency_ms": exchange.latency_ms,
        "first_byte_ms": exchange.first_byte_ms,
        "request_bytes": exchange.request_bytes,
        "answer_bytes": exchange.answer_bytes,
        "finish_reason": clean(exchange.finish_reason, 64),
        "left_out": clean(exchange.left_out, 4000),
        "usage": usage_row(exchange.usage),
        "price": price_row(exchange.price),
        "attempts": [attempt_row(attempt) for attempt in exchange.attempts],
    }


def attempt_row(attempt: Attempt) -> AttemptRow:
    return {
        "number": attempt.number,
        "target_id": attempt.target_id,
        "provider": clean(attempt.provider, 64),
        "model": clean(attempt.model, 256),
        "url": clean(attempt.url, 2000),
        "started_at": attempt.started_at,
        "latency_ms": attempt.latency_ms,
        "first_byte_ms": attempt.first_byte_ms,
        "status": attempt.status,
        "outcome": attempt.outcome.value,
        "condition": clean(attempt.condition, 64),
        "error": clean(attempt.error, 2000),
        "upstream_request_id": clean(attempt.upstream_request_id, 128),
    }


def usage_row(usage: Usage | None) -> UsageRow | None:
    if usage is None:
        return None
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_input_tokens": usage.cached_input_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
    }


def price_row(price: Price | None) -> PriceRow | None:
    if price is None:
        return None
    cached = price.cached_input_usd_per_mtok
    return {
        "input_usd_per_mtok": str(price.input_usd_per_mtok),
        "output_usd_per_mtok": str(price.output_usd_per_mtok),
        "cached_input_usd_per_mtok": None if cached is None else str(cached),
    }


def clean(text: str, longest: int) -> str:
    """`text` without what PostgreSQL (NUL) or UTF-8 (a lone surrogate) cannot hold, cut to `longest` characters."""
    text = text[:longest]
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")


def usage_in(row: Row) -> Usage | None:
    """The tokens of a row as a value again."""
    usage = row["usage"]
    return None if usage is None else Usage(**usage)


def price_in(row: Row) -> Price | None:
    """The price of a row as a value again."""
    price = row["price"]
    if price is None:
        return None
    numbers: dict[str, Any] = {  # Any: the third may be None
        name: None if text is None else Decimal(str(text)) for name, text in price.items()
    }
    return Price(**numbers)


def moment(seconds: float) -> datetime:
    """Seconds since the epoch as a time in UTC."""
    return datetime.fromtimestamp(seconds, UTC)
