"""unfold's classes and decorators, with the types that it does not ship: to mypy they are Django's own."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from django.contrib import admin
    from django.forms import BaseInlineFormSet
    from django.forms.widgets import CheckboxInput, CheckboxSelectMultiple, NumberInput, Textarea, TextInput

    # Any: these pages are told apart by `model`, not by a type parameter that Django does not have at run time.
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
    InlineFormSet = BaseInlineFormSet[Any, Any, Any]
    CheckboxesWidget = CheckboxSelectMultiple
    CheckboxWidget = CheckboxInput
    NumberWidget = NumberInput
    TextAreaWidget = Textarea
    TextWidget = TextInput

    F = TypeVar("F", bound=Callable[..., Any])

    def display(**options: Any) -> Callable[[F], F]: ...

    def action(
        *, description: str, permissions: Iterable[str], icon: str = "", url_path: str | None = None
    ) -> Callable[[F], F]: ...

else:
    from unfold.admin import ModelAdmin, TabularInline
    from unfold.decorators import action, display
    from unfold.forms import PaginationInlineFormSet as InlineFormSet
    from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget as CheckboxesWidget
    from unfold.widgets import UnfoldAdminDecimalFieldWidget as NumberWidget
    from unfold.widgets import UnfoldAdminTextareaWidget as TextAreaWidget
    from unfold.widgets import UnfoldAdminTextInputWidget as TextWidget
    from unfold.widgets import UnfoldBooleanWidget as CheckboxWidget


class PlainTabularInline(TabularInline):
    """Rows without a heading of their own above each: what they are stands in their first field."""

    if hasattr(TabularInline, "hide_title"):
        # The word of unfold 0.91, the last for Python 3.11; later ones warn of it.
        hide_title = True
    else:
        show_title = False


__all__ = [
    "CheckboxWidget",
    "CheckboxesWidget",
    "InlineFormSet",
    "ModelAdmin",
    "NumberWidget",
    "PlainTabularInline",
    "TextAreaWidget",
    "TextWidget",
    "action",
    "display",
]
