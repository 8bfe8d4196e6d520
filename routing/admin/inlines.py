"""The synonyms and targets of an alias, in its form. What an alias holds is judged as a whole, once, before it is saved."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest

from providers.admin.address_input import AddressInput
from providers.admin.configuration import ConfigurationForm
from providers.admin.unfolded import InlineFormSet, PlainTabularInline, display
from routing import conditions
from routing.admin.folded import ALL, ConditionsWidget, TimeLimitsField, conditions_told, time_limits_told
from routing.models import TIME_LIMITS, Alias, Synonym, Target, check_no_twins

WHAT_A_TARGET_IS = {"model", "to_alias", "endpoint"}


class SynonymsFormSet(InlineFormSet):
    def clean(self) -> None:
        super().clean()
        for form in self.forms:
            if form.cleaned_data and form.instance.name == self.instance.name:
                form.add_error("name", ValidationError("This is the name of the alias itself.", code="taken"))


class TargetsFormSet(InlineFormSet):
    """All targets of one alias, as they will be: the rules over the whole set are judged on these."""

    instance: Alias
    may_say_where_keys_go = True
    """False for whoever may not change providers: a target's own address gets the provider's key."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_bound:
            # From here on neither the alias nor a single target judges the set by what the database still holds.
            self.instance.targets_together = []

    def clean(self) -> None:
        """Say what is wrong with the set beside the fields it belongs to. Replaces Django's own search for duplicates."""
        kept = list(self._kept_forms())
        self._put_new_ones_last(kept)
        self.instance.targets_together = [form.instance for form in kept]
        if not self.may_say_where_keys_go:
            self._check_whose_keys_go_there(kept)
        if not any(form.errors for form in kept):
            self._check_twins(kept)
            self._check_conditions(kept)
            self._check_weights(kept)

    def _kept_forms(self) -> Iterator[ConfigurationForm]:
        for form in self.forms:
            is_left_empty = form.instance.pk is None and not form.has_changed()
            if not is_left_empty and form not in self.deleted_forms:
                yield form

    def _put_new_ones_last(self, kept: list[ConfigurationForm]) -> None:
        """A new row cannot be dragged before it is saved: it belongs where it stands, at the end."""
        last = max((form.instance.position for form in kept if form.instance.pk), default=-1)
        for place, form in enumerate((form for form in kept if not form.instance.pk), start=last + 1):
            form.instance.position = place

    def _check_whose_keys_go_there(self, kept: list[ConfigurationForm]) -> None:
        """An address that somebody else chose for one provider's model does not get another provider's key."""
        for form in kept:
            if form.instance.pk and form.instance.endpoint and "model" in form.changed_data:
                problem = "This target has an address of its own. Whoever changes its model must be allowed to change providers."
                form.add_error("model", ValidationError(problem, code="not_allowed"))

    def _check_twins(self, kept: list[ConfigurationForm]) -> None:
        seen: list[Target] = []
        for form in kept:
            try:
                check_no_twins([*seen, form.instance])
            except ValidationError as exc:
                form.add_error(None, exc)
            else:
                seen.append(form.instance)

    def _check_conditions(self, kept: list[ConfigurationForm]) -> None:
        try:
            self.instance.clean_conditions([form.instance for form in kept])
        except ValidationError as exc:
            first = next(form for form in kept if form.instance.enabled)
            first.add_error("conditions", ValidationError(exc.error_list))

    def _check_weights(self, kept: list[ConfigurationForm]) -> None:
        def tier_of(form: ConfigurationForm) -> int:
            return int(form.instance.tier)

        for _, of_one_tier in groupby(sorted(kept, key=tier_of), key=tier_of):
            in_tier = list(of_one_tier)
            try:
                self.instance.clean_weights([form.instance for form in in_tier])
            except ValidationError as exc:
                enabled = [form for form in in_tier if form.instance.enabled]
                enabled[-1].add_error("weight", ValidationError(exc.error_list))

    def save_existing_objects(self, commit: bool = True) -> list[Target]:
        """Save those that stay. Two of them may trade places, so whoever moves first gives up its row, and keeps its id."""
        with transaction.atomic():
            moving = [
                form.instance.pk
                for form in self.initial_forms
                if form in self.deleted_forms or WHAT_A_TARGET_IS & set(form.changed_data)
            ]
            if commit:
                Target.objects.filter(pk__in=moving).delete()
            saved: list[Target] = super().save_existing_objects(commit)
            return saved


class SynonymInline(PlainTabularInline):
    model = Synonym
    form = ConfigurationForm
    formset = SynonymsFormSet
    extra = 0


class TargetForm(ConfigurationForm):
    conditions = forms.MultipleChoiceField(
        label="Only after", required=False, choices=conditions.choices, widget=ConditionsWidget
    )
    time_limits = TimeLimitsField(label="Deadlines", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["time_limits"] = [getattr(self.instance, name) for name in TIME_LIMITS]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        for name, seconds in zip(TIME_LIMITS, cleaned.get("time_limits") or (), strict=False):
            setattr(self.instance, name, seconds)
        return cleaned

    def add_error(self, field: str | None, error: Any) -> None:  # Any: whatever Django takes for an error
        """What the target says of several time limits stands once, beside the one field that holds them."""
        if hasattr(error, "error_dict") and not error.error_dict.keys().isdisjoint(TIME_LIMITS):
            by_field = dict(error.error_dict)
            said = [by_field.pop(name) for name in TIME_LIMITS if name in by_field]
            error = ValidationError({**by_field, "time_limits": said[0]})
        super().add_error(field, error)


class TargetInline(PlainTabularInline):
    model = Target
    fk_name = "alias"
    form = TargetForm
    formset = TargetsFormSet
    ordering_field = "position"
    hide_ordering_field = True
    autocomplete_fields = ["model", "to_alias"]
    fields = ["model", "to_alias", "weight", "tier", "enabled", "conditions", "time_limits", "endpoint", "position"]

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:  # Any: Django's own signature
        if db_field.name == "weight":
            kwargs["min_value"] = None  # Django's would speak of 0 before the rule of ours has its say
        if db_field.name == "endpoint":
            kwargs["widget"] = AddressInput()
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @display(description="deadlines")
    def time_limits(self, target: Target) -> str:
        """For whoever may only look."""
        return time_limits_told((getattr(target, name) for name in TIME_LIMITS), limit=ALL)

    @display(description="only after")
    def only_after(self, target: Target) -> str:
        """For them, too."""
        return conditions_told(target.conditions, limit=ALL)

    def get_fields(self, request: HttpRequest, obj: Alias | None = None) -> Any:  # Any: Django's own type is long
        may_only_look = not self.has_change_permission(request, obj)
        return ["only_after" if may_only_look and name == "conditions" else name for name in self.fields]

    def get_readonly_fields(self, request: HttpRequest, obj: Alias | None = None) -> list[str]:
        told = [] if self.has_change_permission(request, obj) else ["only_after"]
        return told if may_change_providers(request) else [*told, "endpoint"]

    def get_formset(
        self, request: HttpRequest, obj: Alias | None = None, **kwargs: Any
    ) -> Any:  # Any: Django's own type
        formset = super().get_formset(request, obj, **kwargs)
        formset.may_say_where_keys_go = may_change_providers(request)  # type: ignore[attr-defined]  # ours, made anew
        return formset

    def get_extra(self, request: HttpRequest, obj: Alias | None = None, **kwargs: Any) -> int:
        return 0 if obj else 1


def may_change_providers(request: HttpRequest) -> bool:
    """Who may not must not lead a provider's key to an address of their own either."""
    return request.user.has_perm("providers.change_provider")
