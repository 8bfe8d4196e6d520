"""A row of each table of history, its values as the database takes them: what Django's fields would make of them.

tests/history/inserts/test_store.py compares each column with what Django writes.
"""

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final

from history.batch import Note
from history.latency import COLUMNS
from history.records import Attempt, Exchange
from history.statistics import Bucket, Sums
from providers.pricing import Usage

Value = str | int | float | Decimal | None

REQUEST_COLUMNS: Final = (
    *("id", "started_at", "key_id", "key_name", "client_address", "api_type", "requested_model", "alias", "alias_id"),
    *("provider", "model", "target_id", "streamed", "outcome", "status", "error_code", "error", "latency_ms"),
    *("first_byte_ms", "request_bytes", "answer_bytes", "finish_reason", "left_out", "attempt_count", "cost_usd"),
    *("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens"),
)
ATTEMPT_COLUMNS: Final = (
    *("request_id", "number", "target_id", "provider", "model", "url", "started_at", "latency_ms", "first_byte_ms"),
    *("status", "outcome", "condition", "error", "upstream_request_id", "why"),
)
COUNTERS: Final = (*Sums.COUNTERS, *COLUMNS)
STAT_COLUMNS: Final = (*Bucket._fields, *COUNTERS)
NOTE_COLUMNS: Final = ("segment", "start", "end", *Note._fields, "written_at")


def request_values(row: Exchange, id: str, cost_usd: Decimal | None, zone: str) -> tuple[Value, ...]:
    """In the order of REQUEST_COLUMNS. `id`: as `id_in_hex` makes it; `zone`: as of `time_text`.

    Python's sqlite3 asks for an adapter for each value that is no number and no text; a truth as a number needs none.
    """
    return (
        id, time_text(row.started_at, zone), row.key_id, row.key_name, row.client_address, row.api_type,
        row.requested_model, row.alias, row.alias_id, row.provider, row.model, row.target_id, 1 if row.streamed else 0,
        row.outcome._value_, row.status, row.error_code, row.error, row.latency_ms, row.first_byte_ms, row.request_bytes,
        row.answer_bytes, row.finish_reason, row.left_out, len(row.attempts),
        None if cost_usd is None else str(cost_usd), *_tokens(row.usage),
    )  # fmt: skip


def _tokens(usage: Usage | None) -> tuple[int | None, ...]:
    if usage is None:
        return (None, None, None, None, None)
    return (
        usage.input_tokens,
        usage.output_tokens,
        usage.cached_input_tokens,
        usage.cache_write_tokens,
        usage.reasoning_tokens,
    )


def attempt_values(row: Attempt, request_id: str, zone: str) -> tuple[Value, ...]:
    """In the order of ATTEMPT_COLUMNS."""
    return (
        request_id, row.number, row.target_id, row.provider, row.model, row.url, time_text(row.started_at, zone),
        row.latency_ms, row.first_byte_ms, row.status, row.outcome._value_, row.condition, row.error,
        row.upstream_request_id, row.why,
    )  # fmt: skip


def stat_values(bucket: Bucket, sums: Sums, zone: str) -> tuple[Value, ...]:
    """In the order of STAT_COLUMNS."""
    started_at = time_text(bucket.bucket_start, zone)
    return (bucket.resolution, started_at, *bucket[2:], *sums.counters(), *sums.latencies)


def time_text(seconds: float, zone: str) -> str:
    """Seconds since the epoch as text. SQLite has no zone (""), and no fraction where it is zero; PostgreSQL's is "+00"."""
    whole = int(seconds)
    microseconds = round((seconds - whole) * 1_000_000)  # to the even one of two, like datetime.fromtimestamp
    if microseconds == 0:
        return _second(whole) + zone
    if microseconds == 1_000_000:
        return _second(whole + 1) + zone
    return f"{_second(whole)}.{microseconds:06d}{zone}"


@lru_cache(maxsize=256)
def _second(seconds: int) -> str:
    """A batch holds few of them."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(" ")[:-6]


def id_in_hex(id: str) -> str:
    """A UUID as both take it, however it is written. Raises ValueError."""
    digits = bytes.fromhex(id.replace("-", "")).hex()
    if len(digits) != 32:
        raise ValueError(f"The id “{id}” is no UUID")
    return digits
