"""Who may come in (client keys, users, groups), “Test route” on an alias, health, own requests, files, changes."""

from gateway import consequences
from gateway.admin import (
    accounts,
    alias_testing,
    api_tokens,
    audit,
    client_keys,
    configuration_files,
    health,
    name_testing,
    own_requests,
    provider_health,
    recorded,
    stamps,
)

__all__ = [
    "accounts",
    "alias_testing",
    "api_tokens",
    "audit",
    "client_keys",
    "configuration_files",
    "consequences",
    "health",
    "name_testing",
    "own_requests",
    "provider_health",
    "recorded",
    "stamps",
]
