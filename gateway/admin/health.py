"""The page “Health”: how each upstream stands, as all processes see it, and a button to forget what is held against it."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from gateway.admin.without_rows import WithoutRows
from gateway.audit.author import author_of
from gateway.audit.events import Event, note_event
from gateway.health.clearing import clear
from gateway.health.seen import configured, seen_now
from gateway.models import UpstreamHealth

EVERYTHING = "*"
"""Clear all that stand in the table."""
MAY_CLEAR = "gateway.clear_upstreamhealth"


@admin.register(UpstreamHealth)
class UpstreamHealthAdmin(WithoutRows):
    """Only looking and clearing are allowed."""

    def get_urls(self) -> Any:  # Any: Django's own type is long
        view = self.admin_site.admin_view
        return [
            path("", view(self.changelist_view), name="gateway_upstreamhealth_changelist"),
            path("table/", view(self.table), name="gateway_upstreamhealth_table"),
            path("clear/", view(require_POST(self.clear)), name="gateway_upstreamhealth_clear"),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The whole page."""
        context = {**self.admin_site.each_context(request), "title": "Health", **self._shown(request)}
        return TemplateResponse(request, "admin/gateway/health.html", context)

    def table(self, request: HttpRequest) -> HttpResponse:
        """What of it changes, for a page that is open."""
        return TemplateResponse(request, "admin/gateway/health_table.html", self._shown(request))

    def clear(self, request: HttpRequest) -> HttpResponse:
        """Forget what is held against one upstream, or against all that the table shows."""
        if not request.user.has_perm(MAY_CLEAR):
            raise PermissionDenied
        asked, provider = request.POST.get("upstream", ""), request.POST.get("provider", "")
        seen = seen_now(provider)
        keys = seen.clearable if asked == EVERYTHING else [key for key in configured() if key == asked]
        try:
            clear(keys)
        except TimeoutError:
            return self._not_now(request)
        for key in keys:
            note_event(Event.HEALTH_CLEARED, key, author_of(request))
        if request.headers.get("X-Requested-With") == "fetch":
            return self.table(request)
        messages.success(request, "Forgotten here, and everywhere within a second." if keys else "Nothing to forget.")
        query = f"?{urlencode({'provider': provider})}" if provider else ""
        return HttpResponseRedirect(reverse("admin:gateway_upstreamhealth_changelist") + query)

    def _not_now(self, request: HttpRequest) -> HttpResponse:
        said = "The gateway did not answer in time; nothing was forgotten. Try again."
        if request.headers.get("X-Requested-With") == "fetch":
            return HttpResponse(said, status=503, content_type="text/plain; charset=utf-8")
        messages.error(request, said)
        return HttpResponseRedirect(reverse("admin:gateway_upstreamhealth_changelist"))

    def _shown(self, request: HttpRequest) -> dict[str, Any]:
        if not self.has_view_permission(request):
            raise PermissionDenied
        provider = request.POST.get("provider", "") or request.GET.get("provider", "")
        return {
            "health": seen_now(provider),
            "provider": provider,
            "may_clear": request.user.has_perm(MAY_CLEAR),
            "everything": EVERYTHING,
        }
