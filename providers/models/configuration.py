"""A row of configuration: written in turn, one writer at a time."""

from typing import Any

from django.db import connection, models, transaction

CONFIGURATION_LOCK = 0x706C_6578  # "plex"; any number that nobody else in this database locks
LONGEST_QUEUE_SECONDS = 20
"""As long as SQLite's writers wait for theirs."""


def hold_configuration() -> None:
    """Wait for our turn to change configuration, until the transaction ends.

    With every writer in turn, a rule that spans rows (unique names, no circles) holds also when two
    administrators save at once, and no two of them can deadlock. SQLite's transactions are IMMEDIATE, which
    comes to the same.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # Not the short limits that all other statements have: an import may be before us in the queue.
            cursor.execute(f"SET LOCAL lock_timeout = '{LONGEST_QUEUE_SECONDS}s'")
            # Later, or it would be the one that ends the waiting, and look like a statement that is too slow.
            cursor.execute(f"SET LOCAL statement_timeout = '{LONGEST_QUEUE_SECONDS + 5}s'")
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CONFIGURATION_LOCK])


class ConfigurationModel(models.Model):
    """A row of configuration: written in turn, and noticed by the signals in routing/signals.py."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:  # Any: Django's own signature
        with transaction.atomic():
            hold_configuration()
            self.save_in_turn(*args, **kwargs)

    def save_in_turn(self, *args: Any, **kwargs: Any) -> None:
        """Write the row. Called while no other writer of configuration is at work."""
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            hold_configuration()
            return super().delete(*args, **kwargs)
