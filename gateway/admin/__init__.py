"""Who may come in (client keys, users, groups), “Test route” on an alias, health, own requests, files, revisions."""

from gateway import consequences
from gateway.admin import (
    accounts,
    alias_testing,
    audit,
    client_keys,
    configuration_files,
    health,
    own_requests,
    provider_health,
    recorded,
)

__all__ = [
    "accounts",
    "alias_testing",
    "audit",
    "client_keys",
    "configuration_files",
    "consequences",
    "health",
    "own_requests",
    "provider_health",
    "recorded",
]
