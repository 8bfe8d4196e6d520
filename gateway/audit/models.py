"""ConfigRevision, ConfigChange and AuditEvent: what was done to the configuration, and to who may do what. Only added to."""

from typing import Any

from django.conf import settings
from django.db import models

from gateway.audit.author import LONGEST_NOTE, Door

LONGEST_NAME = 150
LONGEST_LINE = 1000


class NeverChanged(Exception):
    """Somebody tried to change or delete what was recorded."""


class OnlyAdded(models.QuerySet[Any]):  # Any: shared by three models
    """Rows that are added and read."""

    def update(self, **kwargs: Any) -> int:
        raise NeverChanged("What was recorded is not changed.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise NeverChanged("What was recorded is not deleted.")


class Record(models.Model):
    """A row that is written once. The database holds it, too: gateway/audit/triggers.py."""

    objects = OnlyAdded.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:  # Any: Django's own signature
        if not self._state.adding:
            raise NeverChanged("What was recorded is not changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise NeverChanged("What was recorded is not deleted.")


def door_choices() -> list[tuple[str, str]]:
    return [(door.value, door.value) for door in Door]


class Authored(Record):
    """Something that somebody did. The name stays when the user is gone."""

    at = models.DateTimeField("time", auto_now_add=True, db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    author_name = models.CharField("who", max_length=LONGEST_NAME)
    door = models.CharField(max_length=16, choices=door_choices)
    address = models.CharField("from", max_length=255, blank=True)

    class Meta:
        abstract = True


class ConfigRevision(Authored):
    """The whole configuration after one transaction that changed it."""

    number = models.PositiveBigIntegerField(unique=True)
    """1, 2, 3, … without a gap."""
    note = models.CharField("why", max_length=LONGEST_NOTE, blank=True)
    summary = models.CharField(max_length=LONGEST_LINE)
    rolled_back_to = models.PositiveBigIntegerField(null=True, blank=True)
    """The number of the revision that this one made valid again."""
    packed = models.BinaryField(editable=False)
    """`gateway.audit.contents.packed`."""

    class Meta:
        ordering = ["-number"]
        verbose_name = "revision"

    def __str__(self) -> str:
        return f"revision {self.number}"


class ConfigChange(Record):
    """One row that a revision created, updated or deleted."""

    revision = models.ForeignKey(ConfigRevision, on_delete=models.CASCADE, related_name="changes")
    deed = models.CharField("what", max_length=16)
    kind = models.CharField(max_length=32)
    name = models.CharField(max_length=LONGEST_LINE)
    of_kind = models.CharField(max_length=32)
    of_name = models.CharField("belongs to", max_length=255)
    """The object that the row belongs to: the alias of a target, and the alias itself."""
    stamp = models.CharField(max_length=64, blank=True)
    """Of that object after the revision; empty when it is gone."""
    fields = models.JSONField(default=list)
    """[field, old, new] each, as they may be shown; old is null in a row that is new."""

    class Meta:
        ordering = ["-revision_id", "id"]
        indexes = [models.Index(fields=["of_kind", "of_name", "-revision"], name="change_of_object")]
        verbose_name = "change"

    def __str__(self) -> str:
        return f"{self.deed} {self.kind} {self.name}"


class AuditEvent(Authored):
    """Something other than configuration: a key made or revoked, a login, a permission given."""

    kind = models.CharField("what", max_length=32, db_index=True)
    subject = models.CharField("to whom", max_length=255)
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "event"

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
