"""The pages of names beside the aliases: patterns, and what names mean to a provider."""

from django.contrib import admin
from django.utils.html import format_html
from unfold.contrib.filters.admin import RelatedDropdownFilter

from providers.admin.configuration import ConfigurationAdmin
from providers.admin.unfolded import display
from routing.models import PatternAlias, ProviderAlias


@admin.register(PatternAlias)
class PatternAliasAdmin(ConfigurationAdmin):
    list_display = ["pattern", "enabled", "leads_to"]
    list_editable = ["enabled"]
    list_filter = ["enabled", ("provider", RelatedDropdownFilter)]
    list_select_related = ["to_alias", "provider"]
    search_fields = ["pattern", "to_alias__name", "provider__name", "model"]
    autocomplete_fields = ["to_alias", "provider"]
    fieldsets = [
        (None, {"fields": ["pattern", "enabled"]}),
        (
            "Who stands behind it",
            {"description": "An alias, or a provider and its model.", "fields": ["to_alias", "provider", "model"]},
        ),
    ]

    @display(description="leads to")
    def leads_to(self, pattern: PatternAlias) -> str:
        return _chip(pattern.behind, is_alias=pattern.to_alias_id is not None)


@admin.register(ProviderAlias)
class ProviderAliasAdmin(ConfigurationAdmin):
    list_display = ["name", "of_provider", "means"]
    list_filter = [("provider", RelatedDropdownFilter)]
    list_select_related = ["provider"]
    search_fields = ["name", "model", "provider__name"]
    autocomplete_fields = ["provider"]
    actions = []
    fieldsets = [
        (
            None,
            {
                "description": "For requests that come in by a custom route of the provider. With any, the provider knows these "
                "names in place of all aliases; without, it knows the aliases.",
                "fields": ["provider", "name", "model"],
            },
        )
    ]

    @display(description="provider", ordering="provider__name")
    def of_provider(self, alias: ProviderAlias) -> str:
        return str(alias.provider)

    @display(description="means")
    def means(self, alias: ProviderAlias) -> str:
        return _chip(alias.model, is_alias=False)


def _chip(text: str, *, is_alias: bool) -> str:
    """Who stands behind a name, as the list of aliases shows targets."""
    return format_html('<span class="plexus-chip">{}{}</span>', "→ " if is_alias else "", text)
