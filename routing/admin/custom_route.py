"""The pages of custom routes."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from providers.admin.configuration import ConfigurationAdmin
from providers.admin.unfolded import display
from routing.models import CustomRoute

KNOWN = ("", "/chat/completions", "/completions", "/embeddings", "/models")


@admin.register(CustomRoute)
class CustomRouteAdmin(ConfigurationAdmin):
    list_display = ["path", "enabled", "knows", "means"]
    list_editable = ["enabled"]
    list_filter = ["enabled", ("provider", RelatedDropdownFilter), ("api_type", ChoicesDropdownFilter)]
    list_select_related = ["provider", "alias"]
    search_fields = ["path", "provider__name", "alias__name"]
    autocomplete_fields = ["provider", "alias"]
    readonly_fields = ["addresses"]

    def get_fieldsets(
        self, request: HttpRequest, obj: CustomRoute | None = None
    ) -> Any:  # Any: Django's own type is long
        addresses = ["addresses"] if obj else []
        return [
            (None, {"fields": ["path", "api_type", "enabled", *addresses]}),
            (
                "Whose names it knows",
                {
                    "description": "Those of a provider, or one alias; or, with neither, all names.",
                    "fields": ["provider", "alias"],
                },
            ),
        ]

    @display(description="knows")
    def knows(self, route: CustomRoute) -> str:
        return route.scope

    @display(description="a request to the path is", ordering="api_type")
    def means(self, route: CustomRoute) -> str:
        return route.get_api_type_display()

    @display(description="answers at")
    def addresses(self, route: CustomRoute) -> SafeString:
        known = ", ".join(f"{route.path}{below}" for below in KNOWN)
        return format_html(
            "{}; with and without /v1 in between. Any other path below it means {}.",
            known,
            route.get_api_type_display().lower(),
        )
