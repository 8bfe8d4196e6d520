"""Is anybody there: for load balancers, orchestrators, and clients that look before they ask. No key needed."""

from __future__ import annotations

import msgspec
from django.http import HttpRequest, HttpResponse

from gateway import runtime
from gateway.errors import NotReady
from gateway.in_flight import IN_FLIGHT
from gateway.views.base import ready


async def root(request: HttpRequest) -> HttpResponse:
    """`HEAD /`, which some clients send before their first request."""
    return ready(b"")


async def alive(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return ready(b'{"status":"alive"}')


async def prepared(request: HttpRequest) -> HttpResponse:
    """The process can take requests: it has a routing table and keys. 503 until then."""
    if IN_FLIGHT.is_draining:
        return ready(b'{"status":"draining"}', status=503)
    try:
        present = runtime.current()
        versions = {"routing_table": present.purse.table.version, "client_keys": present.keys.version}
    except NotReady:
        return ready(b'{"status":"starting"}', status=503)
    return ready(msgspec.json.encode({"status": "ready", "versions": versions}))
