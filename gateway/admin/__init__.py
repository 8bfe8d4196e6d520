"""Who may come in (client keys, users, groups), what a name would lead to, health, own requests, files, revisions."""

from gateway import consequences
from gateway.admin import (
    accounts,
    alias_testing,
    audit,
    client_keys,
    configuration_files,
    health,
    name_testing,
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
    "name_testing",
    "own_requests",
    "provider_health",
    "recorded",
]
