"""Rows that the database refused, for reading only."""

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.text import Truncator

from history.models import QuarantinedRecord
from providers.admin.moments import shown_moment
from providers.admin.unfolded import ModelAdmin, display

SHOWN_IN_LIST = 160
"""Characters of what the database said; its page has them all."""


@admin.register(QuarantinedRecord)
class QuarantinedRecordAdmin(ModelAdmin):
    list_display = ["when", "request_id", "reason"]
    list_display_links = ["when", "request_id"]
    list_before_template = "admin/history/quarantine.html"
    fields = ["when", "request_id", "error", "whole_row"]
    readonly_fields = ["when", "request_id", "error", "whole_row"]
    search_fields = ["request_id"]
    search_help_text = "A request id, or a part of one"
    actions = None
    when_empty = "The database has taken every row"

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:  # Any: Django's own signature
        """Nobody changes a record, so there is no history of one to look at."""
        return super().changeform_view(request, object_id, form_url, {"show_history": False, **(extra_context or {})})

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # Any: Django's own signature
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # Any: Django's own signature
        return False

    @display(description="time (UTC)")
    def when(self, record: QuarantinedRecord) -> str:
        return shown_moment(record.quarantined_at)

    @display(description="reason")
    def reason(self, record: QuarantinedRecord) -> str:
        return Truncator(record.error).chars(SHOWN_IN_LIST)

    @display(description="row")
    def whole_row(self, record: QuarantinedRecord) -> str:
        return format_html('<pre class="plexus-answer">{}</pre>', indented(record.row))


def indented(row: str) -> str:
    """A member to a line; what is no JSON as it stands, since that may be what was wrong with it."""
    try:
        return json.dumps(json.loads(row), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return row
