"""What a browser is shown where the admin refuses: what was refused, and what can be done about it.

403 and 404 of the admin to whoever has logged in, within the admin; to all others Django's own way, with templates/403.html
and 404.html. A form whose token does not fit is told in both.
"""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import REASON_BAD_ORIGIN, REASON_NO_CSRF_COOKIE
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin

from plexus_site.not_found import speaks_json

Sentences = tuple[str, ...]

FORBIDDEN: Sentences = (
    "Your account lacks the permission for it.",
    "Whoever administers Plexus can give it to you, with a role (Access › Users).",
)
NOT_THERE: Sentences = (
    "It may have been deleted or renamed, or the address has a mistake.",
    "The sidebar leads to all there is; Ctrl+K finds it by name.",
)
NO_COOKIE: Sentences = (
    "Your browser sent no cookie, and Plexus needs one to know that the form is yours. Nothing was changed.",
    "Allow cookies for this site. Over plain HTTP, whoever runs Plexus must have PLEXUS_SECURE_COOKIES off.",
)
TOO_OLD: Sentences = (
    "Since it was opened, somebody logged in or out in another tab of this browser. Nothing was changed.",
    "Go back, reload the page, and send the form again.",
)
_BAD_ORIGIN = REASON_BAD_ORIGIN.partition("%s")[0]


class RefusalMiddleware(MiddlewareMixin):
    """Answers where a view of the admin refused. Not as a handler of Django's: those may not ask the database."""

    def process_exception(self, request: HttpRequest, failure: Exception) -> HttpResponse | None:
        """Django's own hook: None for every failure that is another one, and for whoever is no browser in the admin."""
        if not isinstance(failure, PermissionDenied | Http404) or not is_at_work(request) or speaks_json(request):
            return None
        if isinstance(failure, PermissionDenied):
            return page(request, "You may not do this", FORBIDDEN, status=403)
        return page(request, "There is nothing at this address", NOT_THERE, status=404)


def form_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW. `reason`: one of its own sentences."""
    if reason.startswith(_BAD_ORIGIN):
        origin = request.headers.get("origin", "")
        sentences: Sentences = (
            f"You came by {origin}, which Plexus does not know as its own address. Nothing was changed.",
            f"Whoever runs Plexus can add it: PLEXUS_CSRF_TRUSTED_ORIGINS={origin}",
        )
    else:
        sentences = NO_COOKIE if reason == REASON_NO_CSRF_COOKIE else TOO_OLD
    return page(request, "This form was not accepted", sentences, status=403)


def is_at_work(request: HttpRequest) -> bool:
    """Whether this is somebody in the admin."""
    return request.path.startswith(reverse("admin:index")) and admin.site.has_permission(request)


def page(request: HttpRequest, title: str, sentences: Sentences, *, status: int) -> HttpResponse:
    """Within the admin for whoever is there, and alone for others."""
    template, context = "plain.html", {}
    if is_at_work(request):
        template, context = "admin/refused.html", admin.site.each_context(request)
    context = {**context, "title": title, "sentences": sentences}
    return TemplateResponse(request, template, context, status=status, headers={"Cache-Control": "no-store, private"})
