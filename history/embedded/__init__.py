"""Celery without a server: tasks are files in PLEXUS_DATA_DIR, and the worker is a process that the gateway starts."""

from django.conf import settings


def broker_is_a_folder() -> bool:
    """Whether gateway and worker share this machine's disk, and tasks go over it."""
    return bool(settings.CELERY_BROKER_URL.startswith("filesystem:"))
