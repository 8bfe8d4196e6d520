"""Evidence of a run in which nothing went wrong, for tests to spoil."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypedDict
from uuid import UUID

from benchmarks.chaos import outage
from benchmarks.chaos.errands import PRICES, usage_of
from benchmarks.chaos.evidence import (
    Arrival,
    AttemptRow,
    Ending,
    Errand,
    Evidence,
    RequestRow,
    Said,
    StatRow,
)


class OfTarget(TypedDict):
    """What a row says of its target."""

    provider: str
    model: str
    target_id: int


AT = datetime(2026, 11, 20, 12, 30, 5, tzinfo=UTC)
MINUTE, HOUR = AT.replace(second=0), AT.replace(minute=0, second=0)
SMALL: OfTarget = {"provider": "steady", "model": "small", "target_id": 1}
SIZE = 500


def id_of(number: int) -> UUID:
    return UUID(int=number)


def answered(number: int) -> Evidence:
    """All that there is of one request to which nothing happened."""
    errand = Errand(number=number, key="chaos one", model="steady", size=400 + number, **usage_of(number))
    at = AT.timestamp()
    return Evidence(
        errands={number: errand},
        said=[
            Said(
                number=number, began_at=at, ended_at=at + 0.01, ending=Ending.WHOLE, status=200,
                request_id=id_of(number), head_ms=10.0,
            )
        ],
        arrivals=[Arrival(number=number, provider="steady", model="small", at=at)],
        requests=[
            RequestRow(
                id=id_of(number), started_at=AT, key_name="chaos one", requested_model="steady",
                request_bytes=400 + number, alias="steady", **SMALL, outcome="ok", status=200, error_code="",
                latency_ms=10.0, **usage_of(number), cost_usd=cost_of(number), attempt_count=1,
            )
        ],
        attempts=[
            AttemptRow(
                request_id=id_of(number), number=1, **SMALL, started_at=AT, status=200, outcome="ok", condition=""
            )
        ],
        prices=PRICES,
    )  # fmt: skip


def cost_of(number: int) -> Decimal:
    used = usage_of(number)
    return Decimal(used["input_tokens"] + 2 * used["output_tokens"]) / 1_000_000


def counted(numbers: range) -> list[StatRow]:
    """The statistics of these requests, as they should be."""
    total = StatRow(
        resolution="minute", bucket_start=MINUTE, alias="steady", **SMALL,
        requests=len(numbers), attempts=len(numbers), latency_ms_sum=10.0 * len(numbers),
        input_tokens=sum(usage_of(number)["input_tokens"] for number in numbers),
        output_tokens=sum(usage_of(number)["output_tokens"] for number in numbers),
        cost_usd=sum(map(cost_of, numbers), Decimal(0)),
    )  # fmt: skip
    return [total, replace(total, resolution="hour", bucket_start=HOUR)]


def phases(**p99_ms: float) -> dict[str, outage.Phase]:
    return {
        name: outage.Phase(name=name, requests=9, p50_ms=1, p99_ms=slow, longest_ms=slow, drain_seconds=1)
        for name, slow in p99_ms.items()
    }
