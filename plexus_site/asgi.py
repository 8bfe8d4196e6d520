"""Two doors. The gateway's paths go to the gateway's own handler; the admin and everything else to Django's."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plexus_site.settings")
django.setup(set_prefix=False)

from django.core.asgi import get_asgi_application  # noqa: E402  Django must be set up first

from gateway.asgi import Receive, Scope, Send  # noqa: E402
from gateway.asgi import application as gateway  # noqa: E402

GATEWAY_PATHS = {"/livez", "/readyz"}
API_PATHS = {"chat", "completions", "embeddings", "models"}
"""First parts of the API's paths where a client leaves out /v1."""

pages = get_asgi_application()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application of the whole site."""
    if is_for_the_gateway(scope):
        await gateway(scope, receive, send)
    else:
        await pages(scope, receive, send)  # type: ignore[arg-type]  # the same ASGI, typed more narrowly


def is_for_the_gateway(scope: Scope) -> bool:
    """Whether this is an API request, by its path alone; `HEAD /` counts, since clients ask so whether we are there."""
    if scope["type"] != "http":
        return True
    path: str = scope["path"]
    if path == "/":
        return bool(scope["method"] == "HEAD")
    first = path.split("/", 2)[1]
    return first == "v1" or first in API_PATHS or path in GATEWAY_PATHS
