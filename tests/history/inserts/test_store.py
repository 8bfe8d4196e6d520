"""Rows that the statements write, beside those that Django writes of the same values."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, models
from hypothesis import given
from hypothesis import strategies as st

from history import store
from history.inserts.values import ATTEMPT_COLUMNS, REQUEST_COLUMNS, STAT_COLUMNS, id_in_hex, time_text
from history.models import AttemptLog, RequestLog, TargetStat
from history.records import Attempt, Exchange, Outcome
from providers.pricing import Usage
from tests.history.exchanges import NOON, a_refused_exchange, an_attempt, an_exchange, own_price

FULL = an_exchange(
    started_at=NOON.timestamp() + 0.123456,
    key_id=2**40,
    client_address="2001:db8::1",
    alias_id=3,
    streamed=True,
    outcome=Outcome.INTERRUPTED,
    error_code="upstream_disconnected",
    error="“ü” \N{GRINNING FACE} \\ \t\n ' \" %s {}",
    latency_ms=0.1 + 0.2,
    first_byte_ms=1e-7,
    request_bytes=2**40,
    answer_bytes=7,
    finish_reason="stop",
    usage=Usage(input_tokens=3, output_tokens=2, cached_input_tokens=1, cache_write_tokens=1, reasoning_tokens=1),
    price=own_price("0.05", "0.0000001"),
    left_out="a: b\nc: d",
    attempts=(
        an_attempt(1, target_id=None, status=None, outcome=Outcome.FAILED, condition="timeout", error="\\N"),
        an_attempt(2, started_at=NOON.timestamp() + 0.5, first_byte_ms=3.25, upstream_request_id="req_1"),
    ),
)
BARE = a_refused_exchange(key_id=None, key_name="", requested_model="")
FREE = an_exchange(price=own_price("0", "0"), usage=Usage(input_tokens=1, output_tokens=0))
ON_THE_SECOND = an_exchange(started_at=float(int(NOON.timestamp())), attempts=())


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def by_django(exchange: Exchange, cost_usd: Decimal | None) -> RequestLog:
    """What Django's fields make of the same values. Not what `values` says: from the names of the columns."""
    usage = exchange.usage
    facts: dict[str, Any] = {  # Any: each column has its own type
        field.name: getattr(exchange, field.name)
        for field in RequestLog._meta.concrete_fields
        if hasattr(exchange, field.name)
    }
    if usage is not None:
        facts |= {name: getattr(usage, name) for name in usage.__struct_fields__}
    facts |= {"started_at": moment(exchange.started_at), "cost_usd": cost_usd, "attempt_count": len(exchange.attempts)}
    return RequestLog(**facts)


def attempt_by_django(request_id: str, attempt: Attempt) -> AttemptLog:
    facts = {name: getattr(attempt, name) for name in attempt.__struct_fields__}
    return AttemptLog(request_id=UUID(request_id), **facts | {"started_at": moment(attempt.started_at)})


def as_stored(model: type[models.Model]) -> list[Mapping[str, str]]:
    """Every row as the database itself shows it, which no field or adapter has made anything of; on SQLite with types."""
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.BigAutoField)]
    quoted = [connection.ops.quote_name(field.attname) for field in fields]
    columns = [f"CAST({name} AS text)" for name in quoted]
    if connection.vendor == "sqlite":
        columns += [f"typeof({name})" for name in quoted]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)} FROM {model._meta.db_table} ORDER BY {', '.join(quoted)}")
        found = cursor.fetchall()
    return [dict(zip(columns, row, strict=True)) for row in found]


@pytest.mark.django_db
@pytest.mark.parametrize("exchange", [FULL, BARE, FREE, ON_THE_SECOND], ids=["full", "bare", "free", "on the second"])
def test_a_row_is_the_same_as_one_that_django_writes(exchange: Exchange) -> None:
    store.write([exchange])
    ours, our_attempts = as_stored(RequestLog), as_stored(AttemptLog)
    cost_usd = RequestLog.objects.get().cost_usd
    AttemptLog.objects.all().delete()
    RequestLog.objects.all().delete()

    by_django(exchange, cost_usd).save(force_insert=True)
    for attempt in exchange.attempts:
        attempt_by_django(exchange.id, attempt).save(force_insert=True)

    assert len(ours) == 1
    assert len(our_attempts) == len(exchange.attempts)
    assert ours == as_stored(RequestLog)
    assert our_attempts == as_stored(AttemptLog)


@pytest.mark.django_db
def test_sums_are_the_same_as_those_that_django_writes() -> None:
    store.write([FULL, FREE, BARE])
    store.write([an_exchange(), a_refused_exchange()])
    ours, stats = as_stored(TargetStat), list(TargetStat.objects.all())
    TargetStat.objects.all().delete()

    for stat in stats:
        stat.save(force_insert=True)

    assert len(ours) == 6
    assert ours == as_stored(TargetStat)


@pytest.mark.parametrize(
    ("model", "columns"), [(RequestLog, REQUEST_COLUMNS), (AttemptLog, ATTEMPT_COLUMNS), (TargetStat, STAT_COLUMNS)]
)
def test_every_column_is_written(model: type[models.Model], columns: tuple[str, ...]) -> None:
    of_model = {field.column for field in model._meta.concrete_fields if not isinstance(field, models.BigAutoField)}

    assert set(columns) == of_model
    assert len(columns) == len(of_model)


@given(st.floats(min_value=0, max_value=4_000_000_000))
def test_a_time_is_written_as_django_writes_it(seconds: float) -> None:
    assert time_text(seconds, "") == str(datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None))


@given(st.uuids())
def test_an_id_is_written_as_django_writes_it(id: UUID) -> None:
    assert id_in_hex(str(id)) == id_in_hex(str(id).upper()) == id.hex
