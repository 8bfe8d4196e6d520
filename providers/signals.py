"""Migrations may take as long as they need."""

from typing import Any

from django.apps import apps
from django.db import connections
from django.db.models.signals import pre_migrate
from django.dispatch import receiver


@receiver(pre_migrate, sender=apps.get_app_config("providers"))
def lift_time_limits(using: str, **kwargs: Any) -> None:  # Any: whatever the signal carries
    """Plain statements are cut off after seconds (plexus_site/environment.py); those that move a table must not be."""
    if connections[using].vendor == "postgresql":
        with connections[using].cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("SET lock_timeout = '60s'")
