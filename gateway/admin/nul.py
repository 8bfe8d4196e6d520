"""An address of the admin with a NUL in it is told so, with 400: no name holds one, and PostgreSQL refuses to look for it.

Asked once for every page, since each reads its address by itself: filters, the search, what a form completes, an object's id.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.deprecation import MiddlewareMixin

NUL = "\0"


class NoNulMiddleware(MiddlewareMixin):
    """Stands behind the one that knows the user, whose sidebar the page shows."""

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponse],
        args: tuple[Any, ...],
        named: dict[str, Any],  # Any: Django's own signature, here and above
    ) -> HttpResponse | None:
        """Django's own hook: None for every address that may be looked at."""
        is_of_the_admin = request.resolver_match is not None and "admin" in request.resolver_match.app_names
        # Whoever is not logged in is sent to do that, and nothing is looked for.
        if not is_of_the_admin or not has_nul(request) or not admin.site.has_permission(request):
            return None
        context = {**admin.site.each_context(request), "title": "There is no such address"}
        return TemplateResponse(request, "admin/nul.html", context, status=400)


def has_nul(request: HttpRequest) -> bool:
    """Whether one stands in the path, or in a name or a value after the question mark."""
    words = (word for name, values in request.GET.lists() for word in (name, *values))
    return NUL in request.path or any(NUL in word for word in words)
