"""Aliases on the admin's pages. gateway/admin adds the “Test route” button: only the gateway can send a request."""

from routing import consequences
from routing.admin import alias

__all__ = ["alias", "consequences"]
