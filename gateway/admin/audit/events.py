"""The list of events: client keys, logins, users, groups, permissions."""

from typing import Any

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from gateway.admin.audit.reading import AuthoredAdmin
from gateway.audit.models import AuditEvent
from providers.admin.unfolded import display


class KindFilter(admin.SimpleListFilter):
    title = "what"
    parameter_name = "kind"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:  # Any: Django's own signature
        kinds = AuditEvent.objects.order_by("kind").values_list("kind", flat=True).distinct()
        return [(kind, kind) for kind in kinds]

    def queryset(self, request: Any, queryset: Any) -> Any:  # Any: as above
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(AuditEvent)
class AuditEventAdmin(AuthoredAdmin):
    list_display = ["when", "kind", "subject", "who", "through", "said"]
    list_display_links = None
    list_filter = [KindFilter, ("door", ChoicesDropdownFilter), "author_name"]
    search_fields = ["subject", "author_name", "address"]
    fields = ["when", "kind", "subject", "who", "through", "said"]
    readonly_fields = ["when", "kind", "subject", "who", "through", "said"]

    class Media:
        css = {"all": ["gateway/audit.css"]}

    @display(description="details")
    def said(self, event: AuditEvent) -> str:
        lines = format_html_join("", '<div class="audit-line">{}: {}</div>', event.details.items())
        return format_html("<div>{}</div>", lines)
