"""The request history in the admin: a list and a page per request, for reading only."""

from history.admin.requests import RequestLogAdmin

__all__ = ["RequestLogAdmin"]
