"""Whom we can call."""

from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    name = "providers"

    def ready(self) -> None:
        from providers import checks, signals  # noqa: F401  registers the system checks and a receiver
