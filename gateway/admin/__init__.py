"""Who may come in (client keys, users, groups), “Test route” on an alias, the health of upstreams, own requests, files."""

from gateway import consequences
from gateway.admin import (
    accounts,
    alias_testing,
    client_keys,
    configuration_files,
    health,
    own_requests,
    provider_health,
)

__all__ = [
    "accounts",
    "alias_testing",
    "client_keys",
    "configuration_files",
    "consequences",
    "health",
    "own_requests",
    "provider_health",
]
