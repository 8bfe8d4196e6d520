"""The list of requests, for those too who see nothing but what was asked with their own keys.

From here and not from history/admin, which must not know client keys.
"""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from gateway.access.visibility import SEES_OWN, sees_all_requests, visible_requests
from history.admin import filters
from history.admin.requests import RequestLogAdmin
from history.models import RequestLog

SHOW_NAMES_OF_OTHERS = {
    filters.AliasFilter,
    filters.ProviderFilter,
    filters.ModelFilter,
    filters.KeyFilter,
    filters.ErrorCodeFilter,
}
"""Filters that list what occurs in anybody's requests."""

admin.site.unregister(RequestLog)


@admin.register(RequestLog)
class VisibleRequestsAdmin(RequestLogAdmin):
    def get_queryset(self, request: HttpRequest) -> QuerySet[RequestLog]:
        requests = super().get_queryset(request)
        return requests if sees_all_requests(request.user) else requests & visible_requests(request.user)

    def get_list_filter(self, request: HttpRequest) -> Any:  # Any: Django's own type is long
        shown = super().get_list_filter(request)
        return shown if sees_all_requests(request.user) else [one for one in shown if one not in SHOW_NAMES_OF_OTHERS]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return super().has_module_permission(request) or request.user.has_perm(SEES_OWN)

    def has_view_permission(self, request: HttpRequest, obj: RequestLog | None = None) -> bool:
        return super().has_view_permission(request, obj) or request.user.has_perm(SEES_OWN)
