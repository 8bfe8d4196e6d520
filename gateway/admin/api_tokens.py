"""The pages of API tokens. Everybody makes them for themselves alone: a token can never do more than whoever made it."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from gateway.admin.secret_once import ShowsSecretOnce
from gateway.api.models import ApiToken
from gateway.audit.author import author_of
from gateway.audit.events import Event, note_event
from providers.admin.moments import shown_moment
from providers.admin.unfolded import display

SEES_ALL = "gateway.view_apitoken"


def is_own(request: HttpRequest, token: ApiToken | None) -> bool:
    return token is None or token.user_id == request.user.pk


@admin.register(ApiToken)
class ApiTokenAdmin(ShowsSecretOnce):
    list_display = ["name", "shown_prefix", "user", "scope", "state", "last_used"]
    list_filter = ["enabled", ("scope", ChoicesDropdownFilter), ("user", RelatedDropdownFilter)]
    list_select_related = ["user"]
    search_fields = ["name", "prefix", "user__username"]
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        tokens: QuerySet[ApiToken] = super().get_queryset(request)
        return tokens if request.user.has_perm(SEES_ALL) else tokens.filter(user__username=request.user.get_username())

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active)

    def has_view_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return is_own(request, obj) or request.user.has_perm(SEES_ALL)

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return is_own(request, obj) or request.user.has_perm("gateway.change_apitoken")

    def has_delete_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return is_own(request, obj) or request.user.has_perm("gateway.delete_apitoken")

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> Any:  # Any: Django's own type is long
        if obj is None:
            return ["name", "scope", "expires_at"]
        return ["name", "shown_prefix", "user", "enabled", "scope", "expires_at", "last_used_at", "created_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> list[str]:
        fixed = ["shown_prefix", "user", "last_used_at", "created_at"]
        # Of others' tokens one may take the power, and give them none.
        return fixed if is_own(request, obj) else [*fixed, "name", "scope", "expires_at"]

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:  # Any: Django's own
        if not change:
            obj.user = request.user  # type: ignore[assignment]  # nobody else comes into the admin
            obj.make()
        super().save_model(request, obj, form, change)
        self._note(request, obj, Event.TOKEN_CHANGED if change else Event.TOKEN_MADE)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:  # Any: Django's own types are long
        deleted, *rest = super().get_deleted_objects(objs, request)
        warning = "Whoever sends this token is refused from then on. To stop it for a while, disable it instead."
        return [warning, *deleted], *rest

    def delete_model(self, request: HttpRequest, obj: ApiToken) -> None:
        self._note(request, obj, Event.TOKEN_REVOKED)
        super().delete_model(request, obj)

    def _note(self, request: HttpRequest, token: ApiToken, kind: Event) -> None:
        note_event(
            kind, f"{token} of {token.user}", author_of(request), {"scope": token.scope, "enabled": token.enabled}
        )

    def response_add(self, request: HttpRequest, obj: ApiToken, post_url_continue: str | None = None) -> HttpResponse:
        page = "admin/gateway/apitoken/secret.html"
        return self.page_of(request, obj, page, title="New API token", secret=obj.secret)

    @display(description="token", ordering="prefix")
    def shown_prefix(self, token: ApiToken) -> str:
        return f"{token.prefix}…"

    @display(description="last used (UTC)", ordering="last_used_at")
    def last_used(self, token: ApiToken) -> str:
        return shown_moment(token.last_used_at)

    @display(description="state", label={"valid": "success", "over": "danger", "disabled": None})
    def state(self, token: ApiToken) -> str:
        if not token.enabled:
            return "disabled"
        return "valid" if token.is_valid(timezone.now()) else "over"
