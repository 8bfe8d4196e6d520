"""Figures for Prometheus. On this machine for everybody, from elsewhere with PLEXUS_METRICS_TOKEN."""

from __future__ import annotations

import asyncio
import hmac
from ipaddress import ip_address
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from gateway import runtime
from gateway.errors import GatewayError, MetricsForbidden
from gateway.metrics import store
from gateway.metrics.exposition import exposition
from gateway.metrics.report import summed
from gateway.views.base import failed
from gateway.views.ready import ReadyResponse, ready

if TYPE_CHECKING:
    from gateway.asgi import GatewayRequest

FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-real-ip")


async def metrics(request: HttpRequest) -> ReadyResponse:
    """All workers' figures together. Raises nothing."""
    try:
        check_may_read(request)  # type: ignore[arg-type]  # these paths have no other requests
        own = runtime.current().report()
    except GatewayError as exc:
        return failed(exc)
    others = await asyncio.to_thread(store.reports_of_others) if store.is_shared() else []
    text = exposition(summed([own, *others], now=runtime.moment().epoch))
    return ready(text, content_type=CONTENT_TYPE_PLAIN_0_0_4)


def check_may_read(request: GatewayRequest) -> None:
    """Raise MetricsForbidden, which says what to do."""
    token = settings.PLEXUS_METRICS_TOKEN
    if token:
        given = next(iter(request.values_of(b"authorization")), "")
        if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            raise MetricsForbidden("Send “Authorization: Bearer …” with the token in PLEXUS_METRICS_TOKEN.")
    elif not is_from_this_machine(request):
        raise MetricsForbidden("From elsewhere than the gateway's own machine, set PLEXUS_METRICS_TOKEN and send it.")


def is_from_this_machine(request: GatewayRequest) -> bool:
    """Over loopback, and not through a proxy that is here too."""
    if any(request.values_of(name) for name in FORWARDED):
        return False
    try:
        return ip_address(request.client_address).is_loopback
    except ValueError:
        return False
