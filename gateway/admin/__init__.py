"""Who may come in (client keys, users, groups), “Test route” on an alias, the health of upstreams, own requests."""

from gateway import consequences
from gateway.admin import accounts, alias_testing, client_keys, health, name_testing, own_requests, provider_health

__all__ = [
    "accounts",
    "alias_testing",
    "client_keys",
    "consequences",
    "health",
    "name_testing",
    "own_requests",
    "provider_health",
]
