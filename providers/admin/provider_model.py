"""The pages of provider models: what a target may choose from."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import RelatedDropdownFilter

from providers import wire
from providers.admin.configuration import ConfigurationAdmin, ConfigurationForm, shortened
from providers.admin.unfolded import CheckboxesWidget, display
from providers.models import ProviderModel

PRICE_LABELS = {
    "input_usd_per_mtok": "Input, $ per M tokens",
    "output_usd_per_mtok": "Output, $ per M tokens",
    "cached_input_usd_per_mtok": "Cached input, $ per M tokens",
}


class ProviderModelForm(ConfigurationForm):
    api_types = forms.MultipleChoiceField(
        label="API types",
        required=False,
        choices=wire.choices,
        widget=CheckboxesWidget,
        help_text=ProviderModel._meta.get_field("api_types").help_text,
    )

    class Meta:
        labels = PRICE_LABELS


@admin.register(ProviderModel)
class ProviderModelAdmin(ConfigurationAdmin):
    form = ProviderModelForm
    list_display = ["full_name", "enabled", "context", "price", "api_type_names", "used_by"]
    list_editable = ["enabled"]
    list_filter = [("provider", RelatedDropdownFilter), "enabled"]
    search_fields = ["name", "provider__name", "provider__display_name"]
    list_select_related = ["provider"]
    autocomplete_fields = ["provider"]
    fieldsets = [
        (None, {"fields": ["provider", "name", "enabled", "api_types", "context_length", "max_in_flight"]}),
        (
            "Price of its own",
            {
                "description": "US dollars per million tokens. Leave empty to use the public price list.",
                "fields": ["input_usd_per_mtok", "output_usd_per_mtok", "cached_input_usd_per_mtok"],
            },
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProviderModel]:
        return super().get_queryset(request).select_related("provider").prefetch_related("targets__alias")

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        """“openai/gpt” is searched as it reads: the provider, then the model."""
        provider, slash, model = search_term.partition("/")
        found = super().get_search_results(request, queryset, search_term)
        if not slash:
            return found
        written_so = queryset.filter(provider__name__iexact=provider.strip(), name__icontains=model.strip())
        return (found[0] | written_so, True)

    @display(description="model", ordering="provider__name", header=True)
    def full_name(self, model: ProviderModel) -> list[str]:
        return [model.name, model.provider.name]

    @display(description="context", ordering="context_length")
    def context(self, model: ProviderModel) -> str:
        return f"{model.context_length:,} tokens" if model.context_length else "–"

    @display(description="price of its own")
    def price(self, model: ProviderModel) -> str:
        if model.input_usd_per_mtok is None or model.output_usd_per_mtok is None:
            return "–"
        return f"${model.input_usd_per_mtok.normalize():f} in · ${model.output_usd_per_mtok.normalize():f} out"

    @display(description="API types")
    def api_type_names(self, model: ProviderModel) -> str:
        return shortened(model.api_types) if model.api_types else "all"

    @display(description="used by")
    def used_by(self, model: ProviderModel) -> str:
        # By the name of the relation: routing is built on providers, not the other way round.
        return shortened(sorted({str(target.alias) for target in model.targets.all()}))
