"""What the workers do for history: write batches, and forget what is old."""

from datetime import datetime, timedelta

from celery import shared_task
from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from history import store
from history.ids import first_id_at
from history.models import AttemptLog, RequestLog, TargetStat
from history.partitions import store as partitions
from history.rows import Row

MINUTES_KEPT = timedelta(days=3)
HOURS_KEPT = timedelta(days=400)
"""Statistics per hour are few, name no caller, and let the dashboard look further back than the requests do."""

FORGET_ROWS = 1_000
"""Per transaction: short ones, so that writers of history need not wait."""


@shared_task(
    name="history.tasks.record_exchanges",
    autoretry_for=(OperationalError, InterfaceError),
    retry_backoff=1,
    retry_backoff_max=60,
    max_retries=None,
)
def record_exchanges(batch_id: str, rows: list[Row]) -> None:
    """Write a batch. The same one again changes nothing. `batch_id` is for the reader of the worker's log."""
    store.write(rows)


def publish(batch_id: str, rows: list[Row]) -> None:
    """Hand a batch to the workers. Raises what the broker's client raises when nobody takes it."""
    record_exchanges.apply_async((batch_id, rows), task_id=batch_id, retry=False)


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
