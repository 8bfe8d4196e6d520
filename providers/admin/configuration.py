"""What every page of configuration does alike: changes wait in turn, rows go one by one, secrets cannot be searched."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import NestedObjects
from django.core.exceptions import ValidationError
from django.db import router, transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst

from providers.admin import consequences
from providers.admin.deletion import without_links
from providers.admin.turns import COMPANIONS
from providers.admin.unfolded import ModelAdmin
from providers.models import hold_configuration

SECRET_FIELDS = {"credential", "digest", "password"}


@contextmanager
def in_turn(request: HttpRequest) -> Iterator[None]:
    """Let a change wait for those before it, from before it is checked until it is saved.

    A rule over several rows is then judged on what will be there when this change is saved.
    """
    if request.method != "POST":
        yield
        return
    with ExitStack() as stack:
        stack.enter_context(transaction.atomic())
        hold_configuration()
        for companion in COMPANIONS:
            stack.enter_context(companion(request))
        yield


class ConfigurationForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's has no type parameter at run time
    """A form that shows every error of `clean()`: beside its field, or above the form when that field is not shown."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if not field.required:
                # Else Django puts its own “This field is required.” in the place of a sentence of ours with that code.
                field.error_messages.pop("required", None)

    def add_error(self, field: str | None, error: Any) -> None:  # Any: whatever Django takes for an error
        if not isinstance(error, ValidationError) or not hasattr(error, "error_dict"):
            super().add_error(field, error)
            return
        for name, errors in error.error_dict.items():
            super().add_error(name if name in self.fields else None, ValidationError(errors))


class ConfigurationAdmin(ModelAdmin):
    """A page of configuration."""

    form = ConfigurationForm
    actions = ["enable", "disable"]
    list_filter_submit = True
    list_per_page = 50
    warn_unsaved_form = True

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        with in_turn(request):
            return super().changelist_view(request, extra_context)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        with in_turn(request):
            return super().changeform_view(request, object_id, form_url, extra_context)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        with in_turn(request):
            return super().delete_view(request, object_id, extra_context)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            row.delete()

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:  # Any: Django's own types are long
        """As Django's, but what stands in the way is named so that one finds it: a target with its alias."""
        deleted, counts, lacking, protected = super().get_deleted_objects(objs, request)
        if protected:
            collector = NestedObjects(using=router.db_for_write(self.model))
            collector.collect(objs)
            protected = sorted({named(row) for row in collector.protected})
        return *without_links(deleted, counts), lacking, protected

    def folded_unless_used(self, request: HttpRequest, obj: Model | None, *fields: str) -> list[str]:
        """The classes of a fieldset: folded while these fields have their defaults, and no mistake may be among them."""
        row = obj or self.model()
        is_used = any(getattr(row, name) != row._meta.get_field(name).get_default() for name in fields)  # type: ignore[union-attr]  # no relations
        return [] if is_used or request.method == "POST" else ["collapse"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # Any: Django's own
        super().save_model(request, obj, form, change)
        if change and "enabled" in form.changed_data and not obj.enabled:
            warn_of_disabling(request, obj)

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> type[Any]:
        return super().get_changelist_form(request, **{"form": ConfigurationForm, **kwargs})

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Refuse to filter by a secret: `?credential__startswith=…` would read it letter by letter."""
        if SECRET_FIELDS & set(lookup.split("__")):
            return False
        return bool(super().lookup_allowed(lookup, value, request))  # type: ignore[arg-type]  # Django passes one

    @admin.action(description="Enable selected", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._switch(request, queryset, enabled=True)

    @admin.action(description="Disable selected", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._switch(request, queryset, enabled=False)

    def _switch(self, request: HttpRequest, queryset: QuerySet[Any], *, enabled: bool) -> None:
        rows = list(queryset.exclude(enabled=enabled))
        for row in rows:
            row.enabled = enabled
            row.save()
            self.log_change(request, row, [{"changed": {"fields": ["Enabled"]}}])
        for row in () if enabled else rows:
            warn_of_disabling(request, row)
        noun = self.opts.verbose_name if len(rows) == 1 else self.opts.verbose_name_plural
        said = f"{len(rows)} {noun} {'enabled' if enabled else 'disabled'}." if rows else "Nothing had to change."
        messages.success(request, capfirst(said))


def warn_of_disabling(request: HttpRequest, row: Model) -> None:
    for sentence in consequences.of_disabling(row):
        messages.warning(request, sentence)


def named(row: Model) -> str:
    """A row that is in the way: “Target of the alias fast: openai/gpt-4o”."""
    # By the name of the field: routing is built on providers, not the other way round.
    owner = f" of the alias {row.alias}" if hasattr(row, "alias") else ""
    return capfirst(f"{row._meta.verbose_name}{owner}: {row}")


def shortened(names: list[str], limit: int = 3) -> str:
    """ "fast, smart, cheap +2" """
    more = f" +{len(names) - limit}" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more
