"""Who may come in (client keys, users, groups), and the “Test route” button on an alias."""

from gateway.admin import accounts, alias_testing, client_keys

__all__ = ["accounts", "alias_testing", "client_keys"]
