"""Aliases on the admin's pages. gateway/admin adds the “Test route” button: only the gateway can send a request."""

from routing.admin import alias, losses

__all__ = ["alias", "losses"]
