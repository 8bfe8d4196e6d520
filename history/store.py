"""Writing history to the database: each exchange once, however often it arrives."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from django.db import DataError, IntegrityError, connection, transaction

from history.batch import Batch, Place
from history.lines import rows_in
from history.models import AttemptLog, JournalBatch, QuarantinedRecord, RequestLog, TargetStat
from history.rows import AttemptRow, Row, moment, price_in, usage_in
from history.statistics import Bucket, Costed, Counts, tally
from providers.pricing import cost_usd

logger = logging.getLogger(__name__)

COPIED = (
    *("key_id", "key_name", "client_address", "api_type", "requested_model", "alias", "alias_id", "provider", "model"),
    *("target_id", "streamed", "outcome", "status", "error_code", "error", "latency_ms", "first_byte_ms"),
    *("request_bytes", "answer_bytes", "finish_reason", "left_out"),
)
"""What RequestLog takes from a Row as it is."""

SMALLEST_COST = Decimal("0.000000000001")
"""As RequestLog.cost_usd keeps it."""

FAULTS_OF_A_ROW = (DataError, IntegrityError, ValueError, ArithmeticError)
"""A value that no column takes, as the database says it or as Python does on the way there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of a batch."""

    new: int = 0
    known: int = 0
    """Written before, by an earlier delivery of the same batch."""
    rejected: int = 0
    """Refused by the database for what is in them; in quarantine."""

    def __add__(self, other: "Written") -> "Written":
        return Written(
            new=self.new + other.new, known=self.known + other.known, rejected=self.rejected + other.rejected
        )


def write_batch(batch: Batch) -> int:
    """Write a batch of the journal, and note that it is written. Returns how many of its rows went to quarantine.

    Raises as `write`.
    """
    return write(rows_in(batch.rows), batch).rejected


def written_batches(segments: Iterable[str]) -> dict[Place, int]:
    """Of these segments: the batches that are written, and how many rows of each went to quarantine."""
    notes = JournalBatch.objects.filter(segment__in=list(segments))
    return {
        (segment, start, end): rejected
        for segment, start, end, rejected in notes.values_list("segment", "start", "end", "rejected")
    }


def forget_batches(segment: str) -> None:
    """Nobody will ask for them again."""
    JournalBatch.objects.filter(segment=segment).delete()


def write(rows: Sequence[Row], batch: Batch | None = None) -> Written:
    """Write exchanges that are not there yet, their attempts and their statistics, all in one transaction.

    A row with a value that no column takes does not take the others with it: the rows are halved until it is alone, and
    it goes to quarantine. That `batch` is written is noted in the same transaction; with the last part where they are halved.
    Raises everything else, which lies in no row and passes: a standby that only reads, a schema that is behind,
    a row of a release that this process does not know yet.
    """
    return _write(rows, batch, rejected_before=0)


def _write(rows: Sequence[Row], batch: Batch | None, *, rejected_before: int) -> Written:
    try:
        return _write_all_or_ask_again(rows, batch, rejected_before)
    except FAULTS_OF_A_ROW as exc:
        if len(rows) == 1:
            return _quarantine(rows[0], exc, batch, rejected_before)
    middle = len(rows) // 2
    first = _write(rows[:middle], None, rejected_before=0)
    return first + _write(rows[middle:], batch, rejected_before=rejected_before + first.rejected)


@transaction.atomic
def _quarantine(row: Row, exc: Exception, batch: Batch | None, rejected_before: int) -> Written:
    # The first line only: PostgreSQL's second one shows the whole row.
    reason = f"{type(exc).__name__}: {str(exc).partition(chr(10))[0]}"
    logger.error("History cannot hold the request %s: %s", row.get("id"), reason)
    record = QuarantinedRecord(request_id=row["id"], error=reason, row=msgspec.json.encode(row).decode())
    QuarantinedRecord.objects.bulk_create([record], ignore_conflicts=True)
    _note(batch, rejected_before + 1)
    return Written(rejected=1)


def _write_all_or_ask_again(rows: Sequence[Row], batch: Batch | None, rejected: int) -> Written:
    try:
        return _write_all(rows, batch, rejected)
    except IntegrityError:
        # Another worker wrote the same batch between our question and our insert; now we see its rows.
        return _write_all(rows, batch, rejected)


@transaction.atomic
def _write_all(rows: Sequence[Row], batch: Batch | None, rejected: int) -> Written:
    by_id = {UUID(row["id"]): row for row in rows}
    known = set(RequestLog.objects.filter(id__in=by_id).values_list("id", flat=True))
    new = [Costed(row=by_id[id], cost_usd=_cost_of(by_id[id])) for id in sorted(by_id.keys() - known)]
    if new:
        RequestLog.objects.bulk_create([_request_log(request) for request in new])
        AttemptLog.objects.bulk_create(
            [_attempt_log(request.row["id"], attempt) for request in new for attempt in request.row["attempts"]]
        )
        _add_to_statistics(tally(new))
    _note(batch, rejected)
    return Written(new=len(new), known=len(rows) - len(new))


def _note(batch: Batch | None, rejected: int) -> None:
    if batch is not None:
        note = JournalBatch(segment=batch.segment, start=batch.start, end=batch.end, rejected=rejected)
        JournalBatch.objects.bulk_create([note], ignore_conflicts=True)


def _cost_of(row: Row) -> Decimal | None:
    usage = usage_in(row)
    if usage is None:
        return None
    cost = cost_usd(
        usage,
        provider=row["provider"],
        model=row["model"],
        base_url=row["attempts"][-1]["url"] if row["attempts"] else "",
        override=price_in(row),
        at=moment(row["started_at"]),
    )
    return None if cost is None else cost.quantize(SMALLEST_COST)


def _request_log(request: Costed) -> RequestLog:
    row = request.row
    facts: Mapping[str, Any] = row  # Any: each column has its own type
    usage: Mapping[str, int] = row["usage"] or {}  # type: ignore[assignment]  # a TypedDict is no Mapping of one type
    return RequestLog(
        id=UUID(row["id"]),
        started_at=moment(row["started_at"]),
        cost_usd=request.cost_usd,
        attempt_count=len(row["attempts"]),
        **{name: facts[name] for name in COPIED},
        **usage,
    )


def _attempt_log(request_id: str, row: AttemptRow) -> AttemptLog:
    return AttemptLog(request_id=UUID(request_id), **{**row, "started_at": moment(row["started_at"])})


def _add_to_statistics(tallied: Mapping[Bucket, Counts]) -> None:
    """Add to the counters of each bucket, in the order given.

    By hand, since Django's bulk_create can overwrite what it meets but not add to it.
    """
    quote = connection.ops.quote_name
    table = quote(TargetStat._meta.db_table)
    counters = _counters()
    columns = [*Bucket._fields, *counters]
    sums = ", ".join(f"{quote(name)} = {table}.{quote(name)} + excluded.{quote(name)}" for name in counters)
    statement = (
        f"INSERT INTO {table} ({', '.join(map(quote, columns))}) VALUES ({', '.join(['%s'] * len(columns))}) "
        f"ON CONFLICT ({', '.join(map(quote, Bucket._fields))}) DO UPDATE SET {sums}"
    )
    with connection.cursor() as cursor:
        cursor.executemany(statement, [_values(columns, bucket, counts) for bucket, counts in tallied.items()])


def _counters() -> list[str]:
    fields = (field.name for field in TargetStat._meta.concrete_fields)
    return [name for name in fields if name != "id" and name not in Bucket._fields]


def _values(columns: Iterable[str], bucket: Bucket, counts: Counts) -> list[Any]:  # Any: what the driver takes
    found: dict[str, object] = {**bucket._asdict(), **counts}
    fields = {field.name: field for field in TargetStat._meta.concrete_fields}
    return [fields[name].get_db_prep_save(found.get(name, 0), connection) for name in columns]
