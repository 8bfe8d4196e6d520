"""A request under a Host that PLEXUS_ALLOWED_HOSTS does not list: one plain sentence to the browser, one line to the log."""

import logging
import re

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.views.defaults import bad_request as django_bad_request

SHOWN_CHARACTERS = 100
_DJANGOS_NAME = re.compile(r"(?<!PLEXUS_)ALLOWED_HOSTS")  # each set-up of logging adds the filter below once more


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400: its own page for all but a refused Host."""
    if not isinstance(exception, DisallowedHost):
        return django_bad_request(request, exception)
    host = request.META.get("HTTP_HOST", "")[:SHOWN_CHARACTERS]
    text = f"This server does not answer to “{host}”. Whoever runs it can add the host to PLEXUS_ALLOWED_HOSTS.\n"
    return HttpResponse(text, status=400, content_type="text/plain; charset=utf-8")


class OneLine(logging.Filter):
    """Takes the traceback from a refused Host: anybody can send one. And names the setting as it is called here."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = None
        record.msg, record.args = _DJANGOS_NAME.sub("PLEXUS_ALLOWED_HOSTS", record.getMessage()), ()
        return True
