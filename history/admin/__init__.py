"""The history in the admin, for reading only: a list and a page per request, and the rows that no table would take."""

from history.admin.quarantine import QuarantinedRecordAdmin
from history.admin.requests import RequestLogAdmin

__all__ = ["QuarantinedRecordAdmin", "RequestLogAdmin"]
