"""Every change that is made in the admin is recorded. From here, since providers and routing must not know the gateway."""

from contextlib import AbstractContextManager

from django.http import HttpRequest

from gateway.audit.author import author_of
from gateway.audit.recording import recording
from providers.admin.turns import COMPANIONS


def recording_of(request: HttpRequest) -> AbstractContextManager[object]:
    """Record what is changed while this request has its turn."""
    return recording(author_of(request))


COMPANIONS.append(recording_of)
