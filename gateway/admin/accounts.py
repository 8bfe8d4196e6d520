"""Django's users and groups, in unfold's clothes. Nobody passes on more than they have."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from providers.admin.unfolded import ModelAdmin
from providers.listing import shortened

if TYPE_CHECKING:
    from django.contrib.auth.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
else:
    from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

admin.site.unregister(User)
admin.site.unregister(Group)


class NothingBeyondOnesOwn:
    """A page on which rights are given: nobody gives what they do not have themselves."""

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> type[Any]:
        """Any: Django's own signature, for any form."""
        form: type[Any] = super().get_form(request, obj, change=change, **kwargs)  # type: ignore[misc]  # ModelAdmin's
        return type(form.__name__, (OwnRightsForm, form), {"giver": request.user})


class OwnRightsForm:
    """What is mixed into the form of such a page."""

    giver: User

    def clean(self) -> Any:  # Any: Django's own
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data  # type: ignore[misc, attr-defined]  # a form's
        for field in ("user_permissions", "permissions", "groups"):
            had = set(self.initial.get(field, ()))  # type: ignore[attr-defined]  # a form's
            added = [row for row in cleaned.get(field, ()) if row not in had]
            if beyond := sorted({name for row in added for name in _names_of(row) if not self.giver.has_perm(name)}):
                problem = f"You have no such rights yourself: {shortened(beyond)}."
                self.add_error(field, ValidationError(problem, code="not_allowed"))  # type: ignore[attr-defined]
        return cleaned


def _names_of(row: Permission | Group) -> set[str]:
    """The rights that this gives, as `app.codename`."""
    of_one = [row] if isinstance(row, Permission) else row.permissions.select_related("content_type")
    return {f"{one.content_type.app_label}.{one.codename}" for one in of_one}


@admin.register(User)
class UserAdmin(NothingBeyondOnesOwn, DjangoUserAdmin, ModelAdmin):  # type: ignore[type-arg]  # Django's has none at run time
    form: Any = UserChangeForm  # Any: unfold's form stands in for Django's
    add_form: Any = UserCreationForm
    change_password_form: Any = AdminPasswordChangeForm

    def get_readonly_fields(
        self, request: HttpRequest, obj: User | None = None
    ) -> Any:  # Any: Django's own type is long
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, "is_superuser")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and _is_no_higher(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _is_no_higher(request, obj)


def _is_no_higher(request: HttpRequest, account: User | None) -> bool:
    """Whoever changes a superuser's password is one."""
    return request.user.is_superuser or account is None or not account.is_superuser


@admin.register(Group)
class GroupAdmin(NothingBeyondOnesOwn, DjangoGroupAdmin, ModelAdmin):
    pass
