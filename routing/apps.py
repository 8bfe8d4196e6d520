"""Who takes a request."""

from django.apps import AppConfig


class RoutingConfig(AppConfig):
    name = "routing"

    def ready(self) -> None:
        from routing import checks, signals  # noqa: F401  registers checks and receivers
