"""The pages of aliases."""

import json
from itertools import groupby
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.forms.fields import InvalidJSONInput
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from providers.admin.configuration import ConfigurationAdmin, shortened
from providers.admin.deletion import without
from providers.admin.unfolded import display
from routing import conditions
from routing.admin.inlines import SynonymInline, TargetInline
from routing.checks import WHAT_IT_READS, leads_to_no_credential, why_unserved
from routing.models import Alias, ClaimedName, Target
from routing.selection import SELECTORS

MOST_TARGETS_SHOWN = 4


class IndentedJSONField(forms.JSONField):
    """For what is too long for one line."""

    def prepare_value(self, value: Any) -> Any:  # Any: JSON, or what was typed in its place
        return value if isinstance(value, InvalidJSONInput) else json.dumps(value, ensure_ascii=False, indent=2)


@admin.register(Alias)
class AliasAdmin(ConfigurationAdmin):
    list_display = ["name_and_description", "enabled", "how", "target_summary", "synonym_names", "state"]
    list_editable = ["enabled"]
    list_filter = [
        "enabled",
        ("selector", ChoicesDropdownFilter),
        ("targets__model__provider", RelatedDropdownFilter),
        "listed",
        "is_default",
    ]
    search_fields = [
        *("name", "description", "synonyms__name"),
        *("targets__model__name", "targets__model__provider__name", "targets__to_alias__name"),
    ]
    inlines = [TargetInline, SynonymInline]
    # Undefined for whoever may only look: their page has no inputs, and shows everything.
    conditional_fields = {"sticky_seconds": "typeof sticky == 'undefined' || sticky != 'off'"}

    class Media:
        js = ["routing/weights.js", "routing/folded.js"]

    def get_fieldsets(self, request: HttpRequest, obj: Alias | None = None) -> Any:  # Any: Django's own type is long
        failover = ["max_attempts", "hedge_percentile", "hedge_budget_percent"]
        return [
            (None, {"fields": ["name", "description", "enabled", "listed", "is_default"]}),
            (
                "How a target is chosen",
                {"fields": ["selector", "weight_mode", "answer_model", "sticky", "sticky_seconds"]},
            ),
            ("Failover", {"classes": self.folded_unless_used(request, obj, *failover), "fields": failover}),
            (
                "Streams",
                {"classes": self.folded_unless_used(request, obj, "stream_mode"), "fields": ["stream_mode"]},
            ),
            (
                "Guardrails, not enforced yet",
                {"classes": self.folded_unless_used(request, obj, "guardrails"), "fields": ["guardrails"]},
            ),
        ]

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:  # Any: Django's own types
        if db_field.name == "guardrails":
            kwargs["form_class"] = IndentedJSONField
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alias]:
        return super().get_queryset(request).prefetch_related("synonyms", *WHAT_IT_READS)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:  # Any: Django's own types are long
        deleted, counts, lacking, protected = super().get_deleted_objects(objs, request)
        return *without(ClaimedName, deleted, counts), lacking, protected

    @display(description="name", ordering="name", header=True)
    def name_and_description(self, alias: Alias) -> list[str]:
        return [alias.name, " · ".join(filter(None, ("the default" if alias.is_default else "", alias.description)))]

    @display(description="selector", ordering="selector")
    def how(self, alias: Alias) -> str:
        label = SELECTORS[alias.selector].label if alias.selector in SELECTORS else alias.selector
        return format_html('<span class="plexus-nowrap">{}</span>', label)

    @display(description="targets")
    def target_summary(self, alias: Alias) -> str:
        targets = list(alias.targets.all())
        shown = targets[:MOST_TARGETS_SHOWN]
        tiers = [[target_chip(alias, target) for target in tier] for _, tier in groupby(shown, key=lambda t: t.tier)]
        then = format_html('<span class="plexus-more">{}</span>', "then")
        chips = format_html_join(
            then, "{}", ((format_html_join("", "{}", ((chip,) for chip in tier)),) for tier in tiers)
        )
        hidden = len(targets) - MOST_TARGETS_SHOWN
        more = format_html('<span class="plexus-more">+{}</span>', hidden) if hidden > 0 else ""
        return format_html('<span class="plexus-chips">{}{}</span>', chips, more)

    @display(description="synonyms")
    def synonym_names(self, alias: Alias) -> str:
        return shortened([synonym.name for synonym in alias.synonyms.all()])

    @display(description="state", label={"warning": "warning", "off": None, "ready": "success"})
    def state(self, alias: Alias) -> tuple[str, str]:
        if not alias.enabled:
            return "off", "disabled"
        reason = why_unserved(alias)
        if reason:
            return "warning", short_reason(reason)
        return ("warning", "no credential") if leads_to_no_credential(alias) else ("ready", "ready")


def target_chip(alias: Alias, target: Target) -> SafeString:
    """One target in a line of them: what it is, and its weight where there is one."""
    weight: str = ""
    if target.weight is not None:
        is_percent = alias.weight_mode == Alias.WeightMode.PERCENT
        weight = format_html(" <b>{}</b>", f"{target.weight} %" if is_percent else f"×{target.weight}")
    off = "" if target.enabled else " plexus-chip-off"
    arrow = "→ " if target.to_alias_id else ""
    fallback = " plexus-chip-fallback" if target.conditions else ""
    return format_html(
        '<span class="plexus-chip{}{}" title="{}">{}{}{}</span>', off, fallback, after(target), arrow, target, weight
    )


def after(target: Target) -> str:
    """“Only after: rate limited, too late”; nothing when it may be the first."""
    labels = [conditions.LABELS.get(name, name) for name in target.conditions]
    return f"Only after: {', '.join(labels)}" if labels else ""


def short_reason(reason: str) -> str:
    """`why_unserved` for a badge: “has no enabled target” -> “no enabled target”."""
    return reason.partition(":")[0].removeprefix("has ")
