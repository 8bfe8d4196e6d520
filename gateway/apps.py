"""The request."""

from django.apps import AppConfig


class GatewayConfig(AppConfig):
    name = "gateway"
    verbose_name = "access"  # what the sidebar calls its pages: who may come in

    def ready(self) -> None:
        from gateway import checks, signals  # noqa: F401  registers checks and receivers
        from gateway.audit import signals as audit_signals  # noqa: F401  registers receivers
