"""Whom we can call: the providers, their addresses, and the models behind them. Every rule is in `clean()`."""

from providers.models.configuration import CONFIGURATION_LOCK, ConfigurationModel, hold_configuration
from providers.models.endpoint import Endpoint, check_base_url
from providers.models.fields import seconds
from providers.models.provider import TIME_LIMITS, Provider, objection_to_headers, vault
from providers.models.provider_model import MODEL_NAME, ProviderModel

__all__ = [
    "CONFIGURATION_LOCK",
    "MODEL_NAME",
    "TIME_LIMITS",
    "ConfigurationModel",
    "Endpoint",
    "Provider",
    "ProviderModel",
    "check_base_url",
    "hold_configuration",
    "objection_to_headers",
    "seconds",
    "vault",
]
