"""Rows that the database refused, for reading only."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from history.models import QuarantinedRecord
from providers.admin.unfolded import ModelAdmin, display


@admin.register(QuarantinedRecord)
class QuarantinedRecordAdmin(ModelAdmin):
    list_display = ["when", "request_id", "error"]
    fields = ["when", "request_id", "error", "row"]
    readonly_fields = ["when", "request_id", "error", "row"]
    search_fields = ["request_id"]
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # Any: Django's own signature
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # Any: Django's own signature
        return False

    @display(description="time (UTC)")
    def when(self, record: QuarantinedRecord) -> str:
        return f"{record.quarantined_at:%Y-%m-%d %H:%M:%S}"
