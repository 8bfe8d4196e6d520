"""The pages of client keys. A secret is shown once, on the page that answers the request that made it, and kept nowhere."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timeuntil
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from gateway.access.visibility import RENEWS_OWN, SEES_OWN, own_keys, sees_all_keys, visible_keys
from gateway.admin.secret_once import ShowsSecretOnce
from gateway.models import ClientKey
from providers.admin.configuration import ConfigurationAdmin, in_turn, shortened
from providers.admin.moments import shown_day
from providers.admin.unfolded import action, display

BY_OWNER = ("owner", RelatedDropdownFilter)
EXPIRES_SOON = timedelta(days=7)
ONLY_WHEN_LISTED = "typeof access == 'undefined' || access == 'listed'"
"""Undefined for whoever may only look: their page has no inputs, and shows everything."""


class ExpiryFilter(admin.SimpleListFilter):
    title = "expiry"
    parameter_name = "expiry"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # Any: Django's own signature
        return [
            ("valid", "Still valid"),
            ("soon", "Ends within 7 days"),
            ("expired", "Expired"),
            ("never", "Never ends"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ClientKey]) -> QuerySet[ClientKey]:
        word, now = self.value(), timezone.now()
        if not word:
            return queryset
        wanted = {
            "valid": Q(expires_at__isnull=True) | Q(expires_at__gt=now),
            "soon": Q(expires_at__gt=now, expires_at__lte=now + EXPIRES_SOON),
            "expired": Q(expires_at__lte=now),
            "never": Q(expires_at__isnull=True),
        }
        return queryset.filter(wanted[word]) if word in wanted else queryset.none()


@admin.register(ClientKey)
class ClientKeyAdmin(ShowsSecretOnce, ConfigurationAdmin):
    list_display = ["name", "shown_prefix", "enabled", "state", "access_summary", "owner", "created"]
    list_editable = ["enabled"]
    list_filter = ["enabled", ExpiryFilter, ("access", ChoicesDropdownFilter), BY_OWNER]
    list_select_related = ["owner"]
    search_fields = ["name", "prefix", "owner__username", "allowed_aliases__name"]
    autocomplete_fields = ["owner", "allowed_aliases", "allowed_models"]
    readonly_fields = ["shown_prefix", "created_at"]
    conditional_fields = {"allowed_aliases": ONLY_WHEN_LISTED, "allowed_models": ONLY_WHEN_LISTED}
    actions_detail = ["replace_secret"]

    def get_fieldsets(
        self, request: HttpRequest, obj: ClientKey | None = None
    ) -> Any:  # Any: Django's own type is long
        identity = [("shown_prefix", "created_at")] if obj else []
        # Who sees only their own needs no word of whose it is, with a link to a page that is not theirs to open.
        owner = ["owner"] if sees_all_keys(request.user) else []
        return [
            (None, {"fields": ["name", *identity, *owner, "enabled", "expires_at"]}),
            ("What it may use", {"fields": ["access", "allowed_aliases", "allowed_models"]}),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ClientKey]:
        keys = super().get_queryset(request).filter(pk__in=visible_keys(request.user))
        return keys.prefetch_related("allowed_aliases", "allowed_models__provider")

    # Whose keys: all, or one's own

    def has_module_permission(self, request: HttpRequest) -> bool:
        return super().has_module_permission(request) or request.user.has_perm(SEES_OWN)

    def has_view_permission(self, request: HttpRequest, obj: ClientKey | None = None) -> bool:
        return super().has_view_permission(request, obj) or request.user.has_perm(SEES_OWN)

    def has_renew_permission(self, request: HttpRequest, object_id: int | str | None = None) -> bool:
        """To replace the secret of this key; without one, of any."""
        if self.has_change_permission(request):
            return True
        mine = own_keys(request.user) if request.user.has_perm(RENEWS_OWN) else ClientKey.objects.none()
        return mine.exists() if object_id is None else mine.filter(pk=object_id).exists()

    def get_list_filter(self, request: HttpRequest) -> Any:  # Any: Django's own type is long
        """An owner is not told who else has keys."""
        return [one for one in self.list_filter if sees_all_keys(request.user) or one != BY_OWNER]

    # A key shows its secret once

    def save_model(self, request: HttpRequest, obj: ClientKey, form: Any, change: bool) -> None:  # Any: Django's own
        if not change:
            obj.make()
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: ClientKey, post_url_continue: str | None = None) -> HttpResponse:
        """Still inside the transaction that made the key."""
        return self._show_secret(request, obj, title="New client key")

    @action(description="Replace secret", permissions=["renew"], icon="autorenew", url_path="replace-secret")
    def replace_secret(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask first; then the old secret stops working and the new one is shown."""
        with in_turn(request):
            key = self.get_object(request, object_id)
            if key is None:
                return HttpResponseRedirect(reverse("admin:gateway_clientkey_changelist"))
            if not self.has_renew_permission(request, key.pk):
                raise PermissionDenied
            if request.method != "POST":
                return self.page_of(request, key, "admin/gateway/clientkey/replace_secret.html", title="Replace secret")
            key.make()
            key.save()
            self.log_change(request, key, [{"changed": {"fields": ["Secret"]}}])
            return self._show_secret(request, key, title="New secret")

    def _show_secret(self, request: HttpRequest, key: ClientKey, title: str) -> HttpResponse:
        return self.page_of(request, key, "admin/gateway/clientkey/secret.html", title=title, secret=key.secret)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:  # Any: Django's own types are long
        deleted, *rest = super().get_deleted_objects(objs, request)
        warning = "Whoever sends such a key is refused from then on. To stop it for a while, disable it instead."
        return [warning, *deleted], *rest

    # Columns

    @display(description="key", ordering="prefix")
    def shown_prefix(self, key: ClientKey) -> str:
        return f"{key.prefix}…"

    @display(
        description="state",
        ordering="expires_at",
        label={"valid": "success", "soon": "warning", "expired": "danger", "off": None},
    )
    def state(self, key: ClientKey) -> tuple[str, str]:
        if not key.enabled:
            return "off", "disabled"
        if key.expires_at is None:
            return "valid", "valid"
        left = key.expires_at - timezone.now()
        if left <= timedelta():
            return "expired", "expired"
        return ("soon" if left <= EXPIRES_SOON else "valid"), f"ends in {timeuntil(key.expires_at, depth=1)}"

    @display(description="created", ordering="created_at")
    def created(self, key: ClientKey) -> str:
        return shown_day(key.created_at)

    @display(description="may use", ordering="access")
    def access_summary(self, key: ClientKey) -> str:
        if key.access == ClientKey.Access.EVERYTHING:
            return "every model"
        names = [str(row) for row in (*key.allowed_aliases.all(), *key.allowed_models.all())]
        return shortened(names) or "nothing"
