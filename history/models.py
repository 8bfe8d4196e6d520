"""RequestLog, AttemptLog, TargetStat and what the journal notes: copies of facts, with no foreign keys to configuration.

Whoever renames or deletes a provider does not change the past.
"""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.formats import date_format

from history.records import Outcome


def outcomes() -> list[tuple[str, str]]:
    """Choices. A function, so that a new outcome needs no migration."""
    return [(outcome.value, outcome.value) for outcome in Outcome]


def milliseconds(**options: Any) -> "models.FloatField[Any, Any]":  # Any: Django's own options of a field
    """How long something took."""
    return models.FloatField(**options)


def tokens(**options: Any) -> "models.PositiveBigIntegerField[Any, Any]":  # Any: Django's own options of a field
    """As the upstream counted them; empty where it did not say."""
    return models.PositiveBigIntegerField(null=True, blank=True, **options)


def usd(**options: Any) -> "models.DecimalField[Any, Any]":  # Any: Django's own options of a field
    """US dollars, fine enough for a single token of the cheapest model."""
    return models.DecimalField(max_digits=24, decimal_places=12, **options)


def counter(**options: Any) -> "models.BigIntegerField[Any, Any]":  # Any: Django's own options of a field
    """A number that only grows while its bucket lasts."""
    return models.BigIntegerField(default=0, **options)


class RequestLog(models.Model):
    """One request of a client and what became of it. Neither prompts nor answers are kept.

    The id is a UUIDv7, so the order of ids is the order of time, and each index below serves one filter of the list newest
    first: read backwards, since what is new then goes to the end of its name, where databases have a short way. On PostgreSQL
    the table lies in a piece per day (history/partitions): nothing may point at it with a database constraint.
    """

    id = models.UUIDField("request id", primary_key=True, help_text="UUIDv7; the x-request-id of the answer.")
    started_at = models.DateTimeField("time")
    key_id = models.BigIntegerField(null=True, blank=True)
    key_name = models.CharField("key", max_length=128, blank=True)
    client_address = models.CharField(max_length=64, blank=True)
    api_type = models.CharField("API type", max_length=32)
    requested_model = models.CharField(max_length=256, blank=True, help_text="The name that the client asked for.")
    alias = models.CharField(max_length=128, blank=True, help_text="The alias it resolved to; empty: none.")
    alias_id = models.BigIntegerField(null=True, blank=True)
    provider = models.CharField(max_length=64, blank=True, help_text="That answered, or that was tried last.")
    model = models.CharField(max_length=256, blank=True)
    target_id = models.BigIntegerField(null=True, blank=True)
    streamed = models.BooleanField(default=False)
    outcome = models.CharField(max_length=16, choices=outcomes)
    status = models.PositiveSmallIntegerField(help_text="What the client was told; 499 when it had gone.")
    error_code = models.CharField(max_length=64, blank=True)
    error = models.TextField(blank=True)
    latency_ms = milliseconds(verbose_name="latency")
    first_byte_ms = milliseconds(verbose_name="first byte", null=True, blank=True)
    request_bytes = models.PositiveBigIntegerField(default=0)
    answer_bytes = models.PositiveBigIntegerField(default=0)
    finish_reason = models.CharField(max_length=64, blank=True)
    input_tokens = tokens()
    output_tokens = tokens()
    cached_input_tokens = tokens()
    cache_write_tokens = tokens()
    reasoning_tokens = tokens()
    cost_usd = usd(verbose_name="cost", null=True, blank=True, help_text="Empty: nobody told us, or nothing was used.")
    left_out = models.TextField(blank=True, help_text="Targets that could not take it, with reasons.")
    attempt_count = models.PositiveSmallIntegerField("attempts", default=0)

    class Meta:
        verbose_name = "request"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["alias", "id"], name="request_by_alias"),
            models.Index(fields=["provider", "id"], name="request_by_provider"),
            models.Index(fields=["model", "id"], name="request_by_model"),
            models.Index(fields=["key_name", "id"], name="request_by_key"),
            models.Index(fields=["requested_model", "id"], name="request_by_requested_model"),
            # Nearly all requests are well: those are found at once without an index.
            models.Index("status", models.F("id").desc(), name="request_by_status", condition=Q(status__gte=300)),
            models.Index("outcome", models.F("id").desc(), name="request_by_outcome", condition=~Q(outcome="ok")),
            models.Index(
                "error_code", models.F("id").desc(), name="request_by_error_code", condition=Q(error_code__gt="")
            ),
        ]

    def __str__(self) -> str:
        began = date_format(self.started_at, "DATETIME_FORMAT")
        return f"Request for {self.requested_model or self.api_type}, {began}"


class AttemptLog(models.Model):
    """One try at one upstream."""

    # Without an index of its own: that of the constraint below begins with it.
    request = models.ForeignKey(
        RequestLog, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="attempts"
    )
    number = models.PositiveSmallIntegerField(help_text="From 1.")
    target_id = models.BigIntegerField(null=True, blank=True)
    provider = models.CharField(max_length=64)
    model = models.CharField(max_length=256)
    url = models.CharField("URL", max_length=2000, blank=True)
    started_at = models.DateTimeField("time")
    latency_ms = milliseconds(verbose_name="latency")
    first_byte_ms = milliseconds(verbose_name="first byte", null=True, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: the upstream answered nothing.")
    outcome = models.CharField(max_length=16, choices=outcomes)
    condition = models.CharField(max_length=64, blank=True, help_text="The name of the failure.")
    error = models.TextField(blank=True)
    upstream_request_id = models.CharField(max_length=128, blank=True)
    # A default of the database's own: while a deployment runs, an older release writes rows that do not name it.
    why = models.CharField(max_length=256, blank=True, default="", db_default="", help_text="Why this one was asked.")

    class Meta:
        verbose_name = "attempt"
        ordering = ["request", "number"]
        constraints = [models.UniqueConstraint(fields=["request", "number"], name="attempt_once")]

    def __str__(self) -> str:
        return f"{self.number}: {self.provider}/{self.model}"


class TargetStat(models.Model):
    """What one target did in one minute or one hour. Requests that never had a target count under empty names.

    Counters are only ever added to, so that workers need no turn. Percentiles: see history/latency.py.
    """

    class Resolution(models.TextChoices):
        MINUTE = "minute", "minute"
        HOUR = "hour", "hour"

    resolution = models.CharField(max_length=8, choices=Resolution.choices)
    bucket_start = models.DateTimeField()
    alias = models.CharField(max_length=128, blank=True)
    provider = models.CharField(max_length=64, blank=True)
    model = models.CharField(max_length=256, blank=True)
    target_id = models.BigIntegerField(default=0, help_text="0: none.")

    attempts = counter(help_text="Tries at this target.")
    attempt_failures = counter(help_text="Of those, the ones that failed.")
    requests = counter(help_text="Requests that ended here.")
    errors = counter(help_text="Of those, failed or interrupted.")
    refused = counter(help_text="Of those, refused for what was asked, by us or by the target.")
    cancelled = counter(help_text="Of those, cancelled by the client.")
    latency_ms_sum = milliseconds(default=0)
    first_byte_count = counter()
    first_byte_ms_sum = milliseconds(default=0)
    input_tokens = counter()
    output_tokens = counter()
    cached_input_tokens = counter()
    cost_usd = usd(default=0)
    unknown_costs = counter(help_text="Requests whose tokens or price nobody told us.")

    latency_10ms = counter()
    latency_15ms = counter()
    latency_20ms = counter()
    latency_30ms = counter()
    latency_40ms = counter()
    latency_60ms = counter()
    latency_80ms = counter()
    latency_120ms = counter()
    latency_160ms = counter()
    latency_240ms = counter()
    latency_320ms = counter()
    latency_480ms = counter()
    latency_640ms = counter()
    latency_960ms = counter()
    latency_1280ms = counter()
    latency_1920ms = counter()
    latency_2560ms = counter()
    latency_3840ms = counter()
    latency_5120ms = counter()
    latency_7680ms = counter()
    latency_10240ms = counter()
    latency_15360ms = counter()
    latency_20480ms = counter()
    latency_30720ms = counter()
    latency_61440ms = counter()
    latency_122880ms = counter()
    latency_300000ms = counter()
    latency_600000ms = counter()
    latency_longer = counter()

    class Meta:
        verbose_name = "target statistic"
        ordering = ["-bucket_start", "alias", "provider", "model", "target_id"]
        constraints = [
            models.UniqueConstraint(
                fields=["resolution", "bucket_start", "alias", "provider", "model", "target_id"], name="stat_once"
            )
        ]

    def __str__(self) -> str:
        target = f"{self.provider}/{self.model}" if self.provider else "no target"
        begins = date_format(self.bucket_start, "DATETIME_FORMAT")
        return f"{self.alias or '—'} → {target}, {self.resolution} from {begins}"


class JournalBatch(models.Model):
    """A note, made in the transaction that wrote the rows: this stretch of a journal is in the database.

    Whoever holds the journal reads it, and deletes it once the whole segment is done.
    """

    segment = models.CharField(max_length=64)
    start = models.BigIntegerField(help_text="Offset of its first byte.")
    end = models.BigIntegerField(help_text="Offset of the byte after it.")
    rejected = models.IntegerField(default=0, help_text="Rows that went to quarantine.")
    # A default of the database's own: see AttemptLog.why.
    damaged = models.IntegerField(default=0, db_default=0, help_text="Lines that could not be read.")
    written_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "journal batch"
        verbose_name_plural = "journal batches"
        ordering = ["segment", "start"]
        constraints = [models.UniqueConstraint(fields=["segment", "start", "end"], name="journal_batch_once")]

    def __str__(self) -> str:
        return f"{self.segment}:{self.start}-{self.end}"


class QuarantinedRecord(models.Model):
    """A row that the database refused for what is in it, kept as it was."""

    request_id = models.CharField("request id", max_length=64, unique=True)
    error = models.TextField(help_text="What the database said.")
    row = models.TextField(help_text="The row, as JSON.")
    quarantined_at = models.DateTimeField("time", auto_now_add=True)

    class Meta:
        verbose_name = "quarantined record"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Request {self.request_id}"
