"""A path where nothing is: a page to a browser, an error in the API's own format to a client that speaks JSON."""

from django.http import HttpRequest, HttpResponse
from django.views.defaults import page_not_found

from gateway.errors import NotFound, rendered

JSON = "application/json"


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    if not speaks_json(request):
        return page_not_found(request, exception)
    error = rendered(NotFound(request.path))
    return HttpResponse(error.body, status=error.status, content_type=error.content_type, headers=error.headers)


def speaks_json(request: HttpRequest) -> bool:
    """It sends JSON, or asks for it by name. A browser's `*/*` is no such wish, nor is JSON beside a page."""
    accepted = request.headers.get("accept", "").lower()
    return request.content_type == JSON or (JSON in accepted and "text/html" not in accepted)
