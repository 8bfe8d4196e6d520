"""Provider and ProviderModel on the admin's pages. What all configuration pages share is in `configuration`."""

from providers.admin import provider, provider_model

__all__ = ["provider", "provider_model"]
