"""What the workers do for history: write batches, and forget what is old."""

import logging
from datetime import datetime, timedelta
from typing import Any

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from history import store
from history.batch import Batch, Place, Stretch
from history.embedded import broker_is_a_folder
from history.ids import first_id_at
from history.journal.stretch import batch_at
from history.models import AttemptLog, JournalBatch, RequestLog, TargetStat
from history.partitions import store as partitions

logger = logging.getLogger(__name__)

MINUTES_KEPT = timedelta(days=3)
HOURS_KEPT = timedelta(days=400)
"""Statistics per hour are few, name no caller, and let the dashboard look further back than the requests do."""
NOTES_KEPT = timedelta(days=14)
"""Notes about the journal go with their segment; what is older belongs to a machine that never came back."""

FORGET_ROWS = 1_000
"""Per transaction: short ones, so that writers of history need not wait."""


@shared_task(
    name="history.tasks.record_exchanges",
    bind=True,
    # Everything: what lies in a row never gets here, and what else there is passes. See history.store.write.
    autoretry_for=(Exception,),
    retry_backoff=1,
    retry_backoff_max=60,
    max_retries=None,
)
def record_exchanges(
    task: Any,  # celery.Task has no types
    segment: str,
    start: int,
    end: int,
    rows: str | None = None,
) -> None:
    """Write a batch of the journal (see history.batch.Batch). The same one again changes nothing.

    Without `rows`, they stand in the journal on this machine; or no longer, when they have been written another way.
    """
    try:
        batch = _batch((segment, start, end), rows)
        if batch is not None:
            store.write_batch(batch)
    except Exception as exc:
        if not task.request.retries:  # once per batch, which may wait for hours
            reason = str(exc).partition("\n")[0]
            name = f"{segment}:{start}-{end}"
            logger.warning("History waits: %s is tried until it is written: %s: %s", name, type(exc).__name__, reason)
        raise


def _batch(place: Place, rows: str | None) -> Batch | None:
    if rows is None:
        return batch_at(settings.DATA_DIR / "journal", place)
    segment, start, end = place
    return Batch(segment=segment, start=start, end=end, rows=rows, count=0)


def publish(batch: Stretch) -> None:
    """Hand a batch to the workers. Raises what the broker's client raises when nobody takes it.

    A broker that is a folder reaches this machine's workers alone; they read the rows where they stand.
    """
    rows = batch.rows if isinstance(batch, Batch) and not broker_is_a_folder() else None
    record_exchanges.apply_async(  # type: ignore[call-arg]  # celery-types does not know `argsrepr`
        (*batch.place, rows),
        task_id=batch.id,
        retry=False,
        argsrepr=f"({batch.id}, {batch.count} rows)",  # Celery's own would look through half a megabyte of text
    )


@shared_task(name="history.tasks.make_pieces_ahead")
def make_pieces_ahead() -> None:
    """On PostgreSQL: have a place ready for each day of the coming week. Elsewhere nothing."""
    partitions.make_ahead(timezone.now().date())


@shared_task(name="history.tasks.forget_old_history")
def forget_old_history() -> None:
    """Delete requests older than PLEXUS_HISTORY_RETENTION_DAYS, and statistics that nothing shows any more.

    On PostgreSQL whole days go at once: some requests are kept up to a day longer.
    """
    now, kept = timezone.now(), timedelta(days=settings.PLEXUS_HISTORY_RETENTION_DAYS)
    partitions.drop_before(now - kept)
    while _forget_some_requests(now - kept):
        pass
    _forget_statistics(TargetStat.Resolution.MINUTE, now - MINUTES_KEPT)
    _forget_statistics(TargetStat.Resolution.HOUR, now - max(kept, HOURS_KEPT))
    JournalBatch.objects.filter(written_at__lt=now - NOTES_KEPT).delete()


def _forget_some_requests(before: datetime) -> bool:
    """Whether there was anything to forget."""
    first_kept = first_id_at(_start_of_day(before) if partitions.are_cut() else before)
    old = RequestLog.objects.filter(id__lt=first_kept).order_by("id").values_list("id", flat=True)
    ids = list(old[:FORGET_ROWS])
    with transaction.atomic():
        AttemptLog.objects.filter(request__in=ids).delete()
        RequestLog.objects.filter(id__in=ids).delete()
    return bool(ids)


def _start_of_day(moment: datetime) -> datetime:
    """Where pieces end: what is older and still there lies outside of them, or in one that could not be dropped yet."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _forget_statistics(resolution: str, before: datetime) -> None:
    TargetStat.objects.filter(resolution=resolution, bucket_start__lt=before).delete()
