"""Who may come in (client keys, users, groups), the “Test route” button on an alias, and the health of upstreams."""

from gateway.admin import accounts, alias_testing, client_keys, health, provider_health, recorded

__all__ = ["accounts", "alias_testing", "client_keys", "health", "provider_health", "recorded"]
