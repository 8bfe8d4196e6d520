"""What the workers do for history: write batches, and forget what is old."""

import logging
from datetime import datetime, timedelta
from typing import Any

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from history import store
from history.ids import first_id_at
from history.models import AttemptLog, RequestLog, TargetStat
from history.rows import Row

logger = logging.getLogger(__name__)

MINUTES_KEPT = timedelta(days=3)
HOURS_KEPT = timedelta(days=400)
"""Statistics per hour are few, name no caller, and let the dashboard look further back than the requests do."""

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
def record_exchanges(task: Any, batch_id: str, rows: list[Row]) -> None:  # Any: celery.Task, which has no types
    """Write a batch. The same one again changes nothing. `batch_id` is for the reader of the worker's log."""
    try:
        store.write(rows)
    except Exception as exc:
        if not task.request.retries:  # once per batch, which may wait for hours
            reason = str(exc).partition("\n")[0]
            logger.warning(
                "History waits: %s is tried until it is written: %s: %s", batch_id, type(exc).__name__, reason
            )
        raise


def publish(batch_id: str, rows: list[Row]) -> None:
    """Hand a batch to the workers. Raises what the broker's client raises when nobody takes it."""
    record_exchanges.apply_async((batch_id, rows), task_id=batch_id, retry=False)


@shared_task(name="history.tasks.forget_old_history")
def forget_old_history() -> None:
    """Delete requests older than PLEXUS_HISTORY_RETENTION_DAYS, and statistics that nothing shows any more."""
    now, kept = timezone.now(), timedelta(days=settings.PLEXUS_HISTORY_RETENTION_DAYS)
    while _forget_some_requests(now - kept):
        pass
    _forget_statistics(TargetStat.Resolution.MINUTE, now - MINUTES_KEPT)
    _forget_statistics(TargetStat.Resolution.HOUR, now - max(kept, HOURS_KEPT))


def _forget_some_requests(before: datetime) -> bool:
    """Whether there was anything to forget."""
    old = RequestLog.objects.filter(id__lt=first_id_at(before)).order_by("id").values_list("id", flat=True)
    ids = list(old[:FORGET_ROWS])
    with transaction.atomic():
        AttemptLog.objects.filter(request__in=ids).delete()
        RequestLog.objects.filter(id__in=ids).delete()
    return bool(ids)


def _forget_statistics(resolution: str, before: datetime) -> None:
    TargetStat.objects.filter(resolution=resolution, bucket_start__lt=before).delete()
