"""Who may come in (client keys, users, groups), “Test route” on an alias, the health of upstreams, own requests."""

from gateway import consequences
from gateway.admin import accounts, alias_testing, audit, client_keys, health, own_requests, provider_health, recorded

__all__ = [
    "accounts",
    "alias_testing",
    "audit",
    "client_keys",
    "consequences",
    "health",
    "own_requests",
    "provider_health",
    "recorded",
]
