"""What the pages of everything that was recorded have alike: one reads them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter

from gateway.audit.author import Door
from providers.admin.moments import shown_moment
from providers.admin.unfolded import ModelAdmin, display

DOOR_LABELS = {
    Door.ADMIN: "info",
    Door.API: "info",
    Door.FILE: "success",
    Door.COMMAND: "success",
    Door.OUTSIDE: "danger",
}


class ReadingAdmin(ModelAdmin):
    """Nobody adds, changes or deletes here, not even an administrator."""

    actions = None
    list_per_page = 50
    list_filter_submit = True
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # Any: Django's own signature
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # Any: as above
        return False


class AuthoredAdmin(ReadingAdmin):
    """Rows that say who, when and through which door."""

    list_filter = [("door", ChoicesDropdownFilter), "author_name", ("at", RangeDateTimeFilter)]

    @display(description="time (UTC)", ordering="at")
    def when(self, row: Any) -> str:  # Any: a revision or an event
        return shown_moment(row.at)

    @display(description="who", ordering="author_name", header=True)
    def who(self, row: Any) -> list[str]:  # Any: as above
        return [row.author_name, row.address]

    @display(description="door", ordering="door", label=DOOR_LABELS)
    def through(self, row: Any) -> str:  # Any: as above
        return str(row.door)
