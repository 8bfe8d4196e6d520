"""The list of changes: what the history button of an object leads to."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from gateway.admin.audit.object_filter import OF_KIND, OF_NAME, ObjectFilter
from gateway.admin.audit.reading import ReadingAdmin
from gateway.audit.models import ConfigChange
from providers.admin.moments import shown_moment
from providers.admin.unfolded import display


@admin.register(ConfigChange)
class ConfigChangeAdmin(ReadingAdmin):
    list_display = ["when", "deed", "what", "values", "who", "number"]
    list_display_links = None
    list_filter = [ObjectFilter, "deed", "kind", "revision__door", "revision__author_name"]
    list_select_related = ["revision"]
    search_fields = ["name", "of_name", "revision__author_name"]
    fields = ["when", "deed", "what", "values", "who", "number"]
    readonly_fields = ["when", "deed", "what", "values", "who", "number"]

    list_before_template = "admin/gateway/audit/of_object.html"

    class Media:
        css = {"all": ["gateway/audit.css"]}

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The title says whose changes these are: the filter that says it too is folded away."""
        kind, name = (request.GET.get(parameter, "") for parameter in (OF_KIND, OF_NAME))
        of_object = f"{kind} {name}" if kind and name else ""
        named = {"title": f"Changes in {of_object}" if of_object else "Changes", "of_object": of_object}
        return super().changelist_view(request, {**named, **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("revision__packed")

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Any object's changes have an address."""
        return lookup in ("of_kind", "of_name") or bool(super().lookup_allowed(lookup, value, request))  # type: ignore[arg-type]  # Django passes one

    @display(description="time (UTC)", ordering="revision__at")
    def when(self, change: ConfigChange) -> str:
        return shown_moment(change.revision.at)

    @display(description="row", ordering="name", header=True)
    def what(self, change: ConfigChange) -> Sequence[str]:
        return [change.name, change.kind]

    @display(description="old → new, and why")
    def values(self, change: ConfigChange) -> str:
        lines = format_html_join(
            "",
            '<div class="audit-line">{}: {}<ins>{}</ins></div>',
            (
                (field, "" if old is None else format_html("<del>{}</del> → ", old), new)
                for field, old, new in change.fields
            ),
        )
        note = change.revision.note
        return format_html("<div>{}{}</div>", lines, format_html("<p>“{}”</p>", note) if note else "")

    @display(description="who", ordering="revision__author_name", header=True)
    def who(self, change: ConfigChange) -> Sequence[str]:
        return [change.revision.author_name, change.revision.door]

    @display(description="revision", ordering="revision__number")
    def number(self, change: ConfigChange) -> str:
        url = reverse("admin:gateway_configrevision_change", args=[change.revision_id])
        return format_html('<a href="{}">{}</a>', url, change.revision.number)
