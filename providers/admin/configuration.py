"""What every page of configuration does alike: changes wait in turn, rows go one by one, secrets cannot be searched."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst

from providers.admin import disabling, locking, refused
from providers.admin.deletion import in_the_way, linked, without_links
from providers.admin.turns import COMPANIONS, HISTORY
from providers.admin.unfolded import ModelAdmin
from providers.consequences import Deed, foreseen
from providers.listing import shortened as shortened
from providers.models import hold_configuration


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

    news: Sequence[str] = ()
    """What somebody else did to the row while this form was open. Then it is not saved."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if not field.required:
                # Else Django puts its own “This field is required.” in the place of a sentence of ours with that code.
                field.error_messages.pop("required", None)

    def clean(self) -> dict[str, Any] | None:
        if self.news:
            self.add_error(None, ValidationError([ValidationError(sentence, code="changed") for sentence in self.news]))
        return super().clean()

    def say_what_is_lost(self) -> None:
        """Called before a form that was refused comes back: say beside its field what was typed and will not be there."""

    def add_error(self, field: str | None, error: Any) -> None:  # Any: whatever Django takes for an error
        if not isinstance(error, ValidationError) or not hasattr(error, "error_dict"):
            super().add_error(field, error)
            return
        for name, errors in error.error_dict.items():
            super().add_error(name if name in self.fields else None, ValidationError(errors))


class RowForm(ConfigurationForm):
    """A row of a list with its box “enabled”. It remembers what it showed: what somebody else switched meanwhile stays."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = True


class ConfigurationAdmin(ModelAdmin):
    """A page of configuration."""

    form = ConfigurationForm
    actions = ["enable", "disable"]
    list_filter_submit = True
    list_per_page = 50
    warn_unsaved_form = True
    delete_confirmation_template = "admin/delete_configuration.html"
    delete_selected_confirmation_template = "admin/delete_selected_configuration.html"
    change_form_before_template = "admin/before_form.html"
    change_form_after_template = "admin/why.html"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        with in_turn(request):
            asked = disabling.question(request, self._doomed_in_list(request), self.admin_site.each_context(request))
            return asked or super().changelist_view(request, extra_context)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        with in_turn(request):
            doomed = self._doomed_in_form(request, object_id) if object_id else iter(())
            asked = disabling.question(request, doomed, self.admin_site.each_context(request))
            return asked or super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Any: Django's own signature."""
        form = super().get_form(request, obj, change=change, **kwargs)
        news = locking.news(request, obj) if request.method == "POST" and change else []
        return type(form.__name__, (form,), {"news": news}) if news else form

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Any: Django's own signature."""
        if request.method == "POST":  # else it would not come back
            context["adminform"].form.say_what_is_lost()
            refused.unfold_touched(context["adminform"])
            context["mistakes"] = refused.mistakes(context["adminform"].form, context["inline_admin_formsets"])
        shown = {
            **context,
            "stamp": locking.stamp_of(kwargs.get("obj")),
            "show_history": context.get("show_history") and all(one.may_look(request) for one in HISTORY[:1]),
        }
        return super().render_change_form(request, shown, *args, **kwargs)

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Any: Django's own signature."""
        message = super().construct_change_message(request, form, formsets, add)
        request.changed_nothing = not (add or message)  # type: ignore[attr-defined]  # ours, for `message_user`
        return message

    def message_user(self, request: HttpRequest, message: Any, *args: Any, **kwargs: Any) -> None:
        """Django says “changed successfully” of a form that came as it was, too. Any: Django's own signature."""
        if getattr(request, "changed_nothing", False):
            message, args = f"Nothing changed: all of this {self.opts.verbose_name} is as it was.", (messages.INFO,)
        super().message_user(request, message, *args, **kwargs)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        with in_turn(request):
            row = self.get_object(request, unquote(object_id))
            is_on = row is not None and getattr(row, "enabled", False)
            context = {
                # Only where it is in use, and somebody may therefore not see it go: see the template.
                "consequences": foreseen(row, Deed.DELETING) if row is not None else (),
                "may_disable": is_on and self.has_change_permission(request, row),
                **(extra_context or {}),
            }
            return super().delete_view(request, object_id, context)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        if not HISTORY or row is None or not self.has_view_permission(request, row):
            return super().history_view(request, object_id, extra_context)
        return HISTORY[0].answer(request, row)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            row.delete()

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:  # Any: Django's own types are long
        """As Django's, but what stands in the way is named so that one finds it: a target with its alias."""
        deleted, counts, lacking, protected = super().get_deleted_objects(objs, request)
        if protected:
            protected = linked(in_the_way(objs), self.admin_site, request)
        tree, counts = without_links(deleted, counts)
        foretold = [sentence for row in objs for sentence in foreseen(row, Deed.DELETING)]
        return [*foretold, *tree], counts, lacking, protected

    def folded_unless_used(self, request: HttpRequest, obj: Model | None, *fields: str) -> list[str]:
        """The classes of a fieldset: folded while these fields have their defaults."""
        row = obj or self.model()
        is_used = any(getattr(row, name) != row._meta.get_field(name).get_default() for name in fields)  # type: ignore[union-attr]  # no relations
        return [] if is_used else [refused.FOLDED]

    def _doomed_in_form(self, request: HttpRequest, object_id: str) -> Iterator[disabling.Doomed]:
        """The row itself, or those within it, that the form that was sent would disable or delete."""
        row = self.get_object(request, unquote(object_id)) if request.method == "POST" else None
        if row is None or not self.has_change_permission(request, row):
            return
        if getattr(row, "enabled", False) and "enabled" not in request.POST:
            yield row, Deed.DISABLING
            return  # what is within it goes with it
        for inline in self.get_inline_instances(request, row):
            if hasattr(inline.model, "enabled"):
                name, within = inline.get_formset(request, row).get_default_prefix(), inline.get_queryset(request)
                yield from disabling.left_off(request, name, within)
                # Not for targets: who takes one out puts another one in, in the same form, and nothing breaks.
                if getattr(inline, "asks_before_deletion", False) and inline.has_delete_permission(request, row):
                    yield from disabling.crossed_out(request, name, within)

    def _doomed_in_list(self, request: HttpRequest) -> Iterator[disabling.Doomed]:
        """Those that were selected to be disabled, or whose box was emptied."""
        if request.method != "POST" or not hasattr(self.model, "enabled") or not self.has_change_permission(request):
            return
        if request.POST.get("action") == "disable" and "_save" not in request.POST:
            selected = [id for id in request.POST.getlist(ACTION_CHECKBOX_NAME) if id.isdecimal()]
            rows = self.get_queryset(request).filter(pk__in=selected, enabled=True)
            yield from ((row, Deed.DISABLING) for row in rows)
        elif "_save" in request.POST and "enabled" in self.list_editable:
            yield from disabling.left_off(request, "form", self.get_queryset(request))

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> type[Any]:
        return super().get_changelist_form(request, **{"form": RowForm, **kwargs})

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Refuse to filter by a secret: `?credential__startswith=…` would read it letter by letter."""
        if disabling.SECRET_FIELDS & set(lookup.split("__")):
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
        noun = self.opts.verbose_name if len(rows) == 1 else self.opts.verbose_name_plural
        said = f"{len(rows)} {noun} {'enabled' if enabled else 'disabled'}." if rows else "Nothing had to change."
        messages.success(request, capfirst(said))
