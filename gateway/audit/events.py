"""What happened that is no configuration: keys and tokens made and revoked, health cleared, logins, permissions."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from gateway.audit import store
from gateway.audit.author import Author

if TYPE_CHECKING:
    from gateway.audit.models import AuditEvent


class Event(StrEnum):
    """What happened. The rows hold the texts, so that a later release may know others."""

    KEY_MADE = "key made"
    KEY_RENAMED = "key renamed"
    KEY_REPLACED = "secret replaced"
    KEY_ENABLED = "key enabled"
    KEY_DISABLED = "key disabled"
    KEY_REVOKED = "key revoked"
    TOKEN_MADE = "token made"
    TOKEN_CHANGED = "token changed"
    TOKEN_REVOKED = "token revoked"
    HEALTH_CLEARED = "health cleared"
    LOGIN = "login"
    LOGOUT = "logout"
    LOGIN_FAILED = "login failed"
    LOGIN_LOCKED_OUT = "login locked out"
    USER_MADE = "user made"
    USER_CHANGED = "user changed"
    USER_DELETED = "user deleted"
    PASSWORD_CHANGED = "password changed"
    GROUP_MADE = "group made"
    GROUP_CHANGED = "group changed"
    GROUP_DELETED = "group deleted"
    PERMISSIONS_CHANGED = "permissions changed"


def note_event(kind: str, subject: str, author: Author, details: Mapping[str, Any] = {}) -> AuditEvent:
    """One more row. `details`: what JSON can hold, and no secret."""
    return store.write_event(kind, subject, author, details)
