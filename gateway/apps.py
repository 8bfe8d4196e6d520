"""The request."""

from django.apps import AppConfig


class GatewayConfig(AppConfig):
    name = "gateway"

    def ready(self) -> None:
        from gateway import checks, signals  # noqa: F401  registers checks and receivers
