"""A page whose change waited in vain for those before it says so, with 503, and not that something broke."""

from __future__ import annotations

from django.contrib import admin
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.deprecation import MiddlewareMixin

from providers.busy import waited_in_vain

RETRY_AFTER_SECONDS = 5


class BusyMiddleware(MiddlewareMixin):
    """Answers where a view gave up. The page repeats nothing of what was sent: there may be a secret in it."""

    def process_exception(self, request: HttpRequest, failure: Exception) -> HttpResponse | None:
        """Django's own hook: None for every failure that is another one."""
        if not isinstance(failure, OperationalError) or not waited_in_vain(failure):
            return None
        context = {
            **admin.site.each_context(request),
            "title": "Others are at work",
            "was_sent": request.method == "POST",
        }
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS), "Cache-Control": "no-store, private"}
        return TemplateResponse(request, "admin/busy.html", context, status=503, headers=headers)
