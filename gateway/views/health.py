"""Is anybody there: for load balancers, orchestrators, and clients that look before they ask. No key needed."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from django.http import HttpRequest

from gateway import runtime
from gateway.errors import NotReady
from gateway.in_flight import IN_FLIGHT
from gateway.readiness import Figures, readiness
from gateway.views.ready import ReadyResponse, ready


async def root(request: HttpRequest) -> ReadyResponse:
    """`HEAD /`, which some clients send before their first request."""
    return ready(b"")


async def alive(request: HttpRequest) -> ReadyResponse:
    """The process answers, also when it is full."""
    return ready(b'{"status":"alive"}')


async def prepared(request: HttpRequest) -> ReadyResponse:
    """Whether to send it requests: 200 ready or degraded, with reasons; 503 starting or draining.

    It says what is known already: nobody is asked, so a dead database holds up no answer.
    """
    figures = _figures()
    state = readiness(figures, is_draining=IN_FLIGHT.is_draining)
    said = {"status": state.status, "reasons": state.reasons} | (_shown(figures) if figures else {})
    return ready(msgspec.json.encode(said), status=200 if state.takes_requests else 503)


def _figures() -> Figures | None:
    try:
        return runtime.current().figures()
    except NotReady:
        return None


def _shown(figures: Figures) -> dict[str, object]:
    return {
        "versions": figures.versions,
        "ages_seconds": _rounded(figures.ages_seconds),
        "silent_seconds": _rounded(figures.silent_seconds),
        "history": _rounded(figures.history),
    }


def _rounded(seconds: Mapping[str, float]) -> dict[str, float]:
    return {name: round(number, 1) for name, number in seconds.items()}
