"""Made-up traffic, in plenty: for measuring and for looking at the pages. PostgreSQL's COPY makes a million rows a minute."""

import math
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import connection, models

from history.ids import first_id_at
from history.latency import column_of
from history.models import AttemptLog, RequestLog, TargetStat
from history.partitions import store as partitions
from history.partitions.days import days_between

PERIOD = timedelta(days=30)
MINUTES = timedelta(days=3)
KEYS: Final = [f"service {number}" for number in range(1, 41)]
TARGETS: Final = {
    "fast": ["openai/gpt-4o-mini", "groq/llama-3.3-70b-versatile", "anthropic/claude-haiku-4-5"],
    "smart": ["anthropic/claude-sonnet-4-5", "openai/gpt-5"],
    "cheap": ["deepseek/deepseek-chat", "mistral/mistral-small-latest"],
    "code": ["anthropic/claude-sonnet-4-5", "openai/gpt-5-codex", "mistral/codestral-latest"],
    "embed": ["openai/text-embedding-3-small"],
    "local": ["ollama/qwen3:32b"],
    **{f"team-{number}": ["openai/gpt-4o-mini", "anthropic/claude-haiku-4-5"] for number in range(1, 7)},
}
ENDINGS: Final = {
    ("ok", 200, ""): 950,
    ("refused", 401, "invalid_api_key"): 10,
    ("refused", 404, "model_not_found"): 8,
    ("failed", 429, "rate_limit_exceeded"): 14,
    ("failed", 502, "upstream_connect_error"): 6,
    ("failed", 504, "upstream_timeout"): 3,
    ("cancelled", 499, "client_closed"): 7,
    ("interrupted", 200, "upstream_disconnected"): 2,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Where a made-up request went."""

    alias: str
    number: int
    """Of the target: any, the same for the same target."""
    provider: str
    model: str


def targets() -> list[Served]:
    return [
        Served(alias=alias, number=10 * index + place, provider=name.split("/")[0], model=name.split("/")[1])
        for index, (alias, names) in enumerate(TARGETS.items(), start=1)
        for place, name in enumerate(names)
    ]


def fill(rows: int, *, until: datetime, seed: int = 1) -> None:
    """Fill the empty tables of history with `rows` requests of the 30 days before `until`, and their statistics."""
    draw = random.Random(seed)
    start = until - PERIOD
    requests = ((start + PERIOD * number / rows, number) for number in range(rows))
    if partitions.are_cut():
        partitions.make(days_between(start.date(), until.date()))
    with connection.cursor() as cursor:
        _copy(cursor, RequestLog, (_request(draw, moment, number) for moment, number in requests))
        _copy_attempts(cursor)
        _copy(cursor, TargetStat, _statistics(draw, until, rows), without=("id",))
        cursor.execute("VACUUM ANALYZE")


def _copy(cursor: Any, model: type[models.Model], rows: Iterable[dict[str, Any]], without: Sequence[str] = ()) -> None:
    # Any: psycopg's cursor inside Django's wrapper, and a column's own type
    columns = {
        field.attname: field.get_default() for field in model._meta.concrete_fields if field.attname not in without
    }
    names = ", ".join(map(connection.ops.quote_name, columns))
    with cursor.copy(f"COPY {model._meta.db_table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([row.get(name, default) for name, default in columns.items()])


def _copy_attempts(cursor: Any) -> None:  # Any: see _copy
    """One attempt per request that reached an upstream, made by the database from what it has."""
    cursor.execute(
        f"INSERT INTO {AttemptLog._meta.db_table} (request_id, number, target_id, provider, model, url, started_at,"
        " latency_ms, first_byte_ms, status, outcome, condition, error, upstream_request_id)"
        " SELECT id, 1, target_id, provider, model, 'https://api.example.com/v1/chat/completions', started_at,"
        " latency_ms, first_byte_ms, status, outcome, '', '', ''"
        f" FROM {RequestLog._meta.db_table} WHERE outcome <> 'refused'"
    )


def _request(draw: random.Random, moment: datetime, number: int) -> dict[str, Any]:  # Any: a column's own type
    served = draw.choices(_TARGETS, weights=_POPULARITY)[0]
    ((outcome, status, code),) = draw.choices(list(ENDINGS), weights=list(ENDINGS.values()))
    latency_ms = _latency_ms(draw)
    facts: dict[str, Any] = {
        "id": UUID(int=first_id_at(moment).int | number),
        "started_at": moment,
        "key_id": 1,
        "key_name": KEYS[int(len(KEYS) * draw.random() ** 2)],
        "client_address": "192.0.2.7",
        "api_type": "embeddings" if served.alias == "embed" else "chat",
        "requested_model": served.alias,
        "outcome": outcome,
        "status": status,
        "error_code": code,
        "error": code.replace("_", " "),
        "latency_ms": latency_ms,
    }
    if outcome == "refused":
        return {**facts, "latency_ms": 0.4}
    return {
        **facts,
        "alias": served.alias,
        "provider": served.provider,
        "model": served.model,
        "target_id": served.number,
        "attempt_count": 1,
        "streamed": number % 3 == 0,
        "first_byte_ms": latency_ms / 3,
        "request_bytes": 900,
        "answer_bytes": 2_400,
        **({"input_tokens": 400, "output_tokens": 150, "cost_usd": Decimal("0.00015")} if outcome == "ok" else {}),
    }


def _latency_ms(draw: random.Random) -> float:
    return draw.lognormvariate(math.log(800), 0.8)


def _statistics(draw: random.Random, until: datetime, rows: int) -> Iterator[dict[str, Any]]:  # Any: see _request
    minute = until.astimezone(UTC).replace(second=0, microsecond=0)
    yield from _buckets(draw, "minute", minute, timedelta(minutes=1), MINUTES, rows)
    yield from _buckets(draw, "hour", minute.replace(minute=0), timedelta(hours=1), 2 * PERIOD, rows)


def _buckets(
    draw: random.Random, resolution: str, last: datetime, step: timedelta, length: timedelta, rows: int
) -> Iterator[dict[str, Any]]:  # Any: see _request
    mean = rows * (step / PERIOD) / sum(_POPULARITY)
    for number in range(length // step):
        bucket_start = last - number * step
        by_day = 1 + 0.6 * math.sin((bucket_start.hour - 9) / 24 * 2 * math.pi)
        for served, weight in zip(_TARGETS, _POPULARITY, strict=True):
            if requests := int(mean * by_day * weight * draw.uniform(0.7, 1.3) + draw.random()):
                yield {"resolution": resolution, "bucket_start": bucket_start, **_statistic(draw, served, requests)}


def _statistic(draw: random.Random, served: Served, requests: int) -> dict[str, Any]:  # Any: see _request
    errors = sum(draw.random() < 0.025 for _ in range(min(requests, 100)))
    counts: dict[str, Any] = {
        "alias": served.alias,
        "provider": served.provider,
        "model": served.model,
        "target_id": served.number,
        "requests": requests,
        "attempts": requests,
        "errors": errors,
        "attempt_failures": errors,
        "input_tokens": 400 * requests,
        "output_tokens": 150 * requests,
        "cost_usd": Decimal("0.00015") * requests,
        "latency_ms_sum": 800.0 * requests,
    }
    for _ in range(min(requests, 50)):
        column = column_of(_latency_ms(draw))
        counts[column] = counts.get(column, 0) + max(1, requests // 50)
    return counts


_TARGETS: Final = targets()
_POPULARITY: Final = [1 / (place + 1) for place in range(len(_TARGETS))]
