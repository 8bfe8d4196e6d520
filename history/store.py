"""Writing history to the database: each exchange once, however often it arrives. The statements are in history/inserts."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
from django.db import DataError, IntegrityError, transaction
from django.utils import timezone

from history.batch import Batch, Note, Place
from history.inserts import store as inserts
from history.inserts.values import id_in_hex
from history.models import JournalBatch, QuarantinedRecord
from history.records import Exchange
from history.rows import Unreadable, rows_in
from history.statistics import Costed, tally
from providers.pricing import cost_usd

logger = logging.getLogger(__name__)

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

    Raises as `write`, and OfAnotherRelease.
    """
    rows = rows_in(batch.rows)
    for row in rows.unreadable:
        _quarantine(row)
    return write(rows.readable, batch, rejected_before=len(rows.unreadable)).rejected + len(rows.unreadable)


def written_batches(segments: Iterable[str]) -> dict[Place, Note]:
    """Of these segments: the batches that are written."""
    notes = JournalBatch.objects.filter(segment__in=list(segments))
    return {
        (segment, start, end): Note(rejected, damaged)
        for segment, start, end, rejected, damaged in notes.values_list("segment", "start", "end", *Note._fields)
    }


def forget_batches(segment: str) -> None:
    """Nobody will ask for them again."""
    JournalBatch.objects.filter(segment=segment).delete()


def write(rows: Sequence[Exchange], batch: Batch | None = None, *, rejected_before: int = 0) -> Written:
    """Write exchanges that are not there yet, their attempts and their statistics, all in one transaction.

    A row with a value that no column takes does not take the others with it: the rows are halved until it is alone, and
    it goes to quarantine. That `batch` is written is noted in the same transaction; with the last part where they are halved.
    `rejected_before`: how many of its rows are in quarantine already. Raises everything that lies in no row and passes:
    a standby that only reads, a schema that is behind.
    """
    try:
        return _write_all_or_ask(rows, batch, rejected_before)
    except FAULTS_OF_A_ROW as exc:
        if not rows:
            raise
        if len(rows) == 1:
            return _reject(rows[0], exc, batch, rejected_before)
    middle = len(rows) // 2
    first = write(rows[:middle])
    return first + write(rows[middle:], batch, rejected_before=rejected_before + first.rejected)


@transaction.atomic
def _reject(row: Exchange, exc: Exception, batch: Batch | None, rejected_before: int) -> Written:
    # The first line only: PostgreSQL's second one shows the whole row.
    reason = f"{type(exc).__name__}: {str(exc).partition(chr(10))[0]}"
    _quarantine(Unreadable(id=row.id, text=msgspec.json.encode(row).decode(), reason=reason))
    _note(batch, rejected_before + 1)
    return Written(rejected=1)


def _quarantine(row: Unreadable) -> None:
    logger.error("History cannot hold the request %s: %s", row.id, row.reason)
    record = QuarantinedRecord(request_id=row.id, error=row.reason, row=row.text)
    QuarantinedRecord.objects.bulk_create([record], ignore_conflicts=True)


def _write_all_or_ask(rows: Sequence[Exchange], batch: Batch | None, rejected: int) -> Written:
    by_id = {id_in_hex(row.id): row for row in rows}
    # In order, so that two workers with the same rows never wait for each other in a circle.
    costed = {id: (by_id[id], _cost_of(by_id[id])) for id in sorted(by_id)}
    try:
        new = _write_all(costed, batch, rejected, asks=False)
    except IntegrityError:
        # An earlier delivery of the same batch, or another worker a moment ago. Rare, so nobody asks before.
        new = _write_all(costed, batch, rejected, asks=True)
    return Written(new=new, known=len(rows) - new)


@transaction.atomic
def _write_all(costed: Mapping[str, Costed], batch: Batch | None, rejected: int, *, asks: bool) -> int:
    """How many of them were new. `asks`: whether to look which are known; else all are taken for new."""
    known = inserts.known_ids(costed) if asks else frozenset()
    new = {id: request for id, request in costed.items() if id not in known} if known else costed
    if new:
        inserts.insert(new.items())
        inserts.add_to_statistics(tally(new.values()))
    _note(batch, rejected)
    return len(new)


def _note(batch: Batch | None, rejected: int) -> None:
    if batch is not None:
        inserts.note(batch.place, Note(rejected, batch.damaged), timezone.now().timestamp())


def _cost_of(row: Exchange) -> Decimal | None:
    if row.usage is None:
        return None
    cost = cost_usd(
        row.usage,
        provider=row.provider,
        model=row.model,
        base_url=row.attempts[-1].url if row.attempts else "",
        override=row.price,
        at=None if row.price is not None else datetime.fromtimestamp(row.started_at, UTC),  # its own price has no time
    )
    return None if cost is None else cost.quantize(SMALLEST_COST)
