"""Two doors. The gateway's paths go to the gateway's own handler; the admin and everything else to Django's."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plexus_site.settings")
django.setup(set_prefix=False)

from django.conf import settings  # noqa: E402  Django must be set up first
from django.core.asgi import get_asgi_application  # noqa: E402

from gateway.asgi import Receive, Scope, Send  # noqa: E402
from gateway.asgi import application as gateway  # noqa: E402
from gateway.bodies import within_limits  # noqa: E402
from routing.store import TABLE  # noqa: E402

GATEWAY_PATHS = {"/livez", "/metrics", "/readyz"}
API_PATHS = {"chat", "completions", "embeddings", "models"}
"""First parts of the API's paths where a client leaves out /v1."""

# Django writes a body to disk, however long it is, before it asks who sends it.
pages = within_limits(
    get_asgi_application(),  # type: ignore[arg-type]  # the same ASGI, typed more narrowly
    most_bytes=settings.PLEXUS_MAX_REQUEST_BYTES,
    seconds=settings.PLEXUS_BODY_TIMEOUT_SECONDS,
)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application of the whole site."""
    if is_for_the_gateway(scope) or TABLE.current.entrance_at(scope["path"]) is not None:
        await gateway(scope, receive, send)
    else:
        await pages(scope, receive, send)


def is_for_the_gateway(scope: Scope) -> bool:
    """Whether this is an API request, by its path alone; `HEAD /` counts, since clients ask so whether we are there."""
    if scope["type"] != "http":
        return True
    path: str = scope["path"]
    if path.startswith("/v1/"):
        return True
    if path == "/":
        return bool(scope["method"] == "HEAD")
    first = path.lstrip("/").partition("/")[0]  # no path may surprise us: “*” of OPTIONS has no slash at all
    return first == "v1" or first in API_PATHS or path in GATEWAY_PATHS
