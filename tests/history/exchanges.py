"""Exchanges for the tests of history."""

import itertools
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from history.batch import Batch
from history.figures import SUMMED
from history.ids import first_id_at
from history.records import Attempt, Begun, Exchange, Outcome
from providers.pricing import Price, Usage

NOON = datetime(2026, 11, 20, 12, 0, 30, tzinfo=UTC)
USAGE = Usage(input_tokens=1000, output_tokens=500)
numbers = itertools.count(1)


def an_attempt(number: int = 1, **changes: Any) -> Attempt:  # Any: any field of Attempt
    """One that went well."""
    facts: dict[str, Any] = {
        "number": number,
        "target_id": 7,
        "provider": "openai",
        "model": "gpt-4o",
        "url": "https://api.openai.com/v1/chat/completions",
        "started_at": NOON.timestamp(),
        "latency_ms": 90.0,
        "status": 200,
        "outcome": Outcome.OK,
    }
    return Attempt(**facts | changes)


def an_exchange(at: datetime = NOON, **changes: Any) -> Exchange:  # Any: any field of Exchange
    """One that went well, with an id of its own."""
    facts: dict[str, Any] = {
        "id": str(UUID(int=first_id_at(at).int | next(numbers))),
        "started_at": at.timestamp(),
        "key_id": 1,
        "key_name": "billing service",
        "api_type": "chat",
        "requested_model": "fast",
        "alias": "fast",
        "provider": "openai",
        "model": "gpt-4o",
        "target_id": 7,
        "outcome": Outcome.OK,
        "status": 200,
        "latency_ms": 100.0,
        "usage": USAGE,
        "attempts": (an_attempt(started_at=at.timestamp()),),
    }
    return Exchange(**facts | changes)


def a_refused_exchange(**changes: Any) -> Exchange:  # Any: any field of Exchange
    nothing = {"alias": "", "provider": "", "model": "", "target_id": None, "usage": None, "attempts": ()}
    ending = {"outcome": Outcome.REFUSED, "status": 404, "error_code": "model_not_found", "latency_ms": 0.4}
    return an_exchange(**{**nothing, **ending, **changes})


def own_price(input_usd: str, output_usd: str) -> Price:
    return Price(input_usd_per_mtok=Decimal(input_usd), output_usd_per_mtok=Decimal(output_usd))


def sums(**counts: Any) -> dict[str, Any]:  # Any: int or Decimal, and names
    """A row of sums, as the dashboard reads it."""
    names = {"alias": "fast", "provider": "openai", "model": "gpt-4o"}
    return {**dict.fromkeys(SUMMED, 0), "cost_usd": Decimal(0), **names, **counts}


def as_told(exchange: Exchange, **changes: Any) -> dict[str, Any]:  # Any: JSON
    """As JSON says it, with changes that need not make sense."""
    told: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(exchange))
    return told | changes


def a_batch(*rows: Exchange | dict[str, Any]) -> Batch:  # Any: see as_told
    """Of a segment of its own."""
    text = msgspec.json.encode(rows).decode()
    return Batch(segment=f"test/{next(numbers):06d}", start=0, end=len(text), rows=text, count=len(rows))


def begun(exchange: Exchange) -> Begun:
    """The beginning of a request that ends so."""
    return Begun(
        id=exchange.id,
        started_at=exchange.started_at,
        key_name=exchange.key_name,
        api_type=exchange.api_type,
        requested_model=exchange.requested_model,
        alias=exchange.alias,
        provider="openai",
        model="gpt-4o",
        target_id=7,
        url="https://api.openai.com/v1/chat/completions",
        asked_at=exchange.started_at,
    )
