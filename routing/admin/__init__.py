"""Names and paths on the admin's pages. gateway/admin adds the “Test route” button: only the gateway can send a request."""

from routing import consequences
from routing.admin import alias, custom_route, names

__all__ = ["alias", "consequences", "custom_route", "names"]
