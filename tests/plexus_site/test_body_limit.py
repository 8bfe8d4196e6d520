"""What may be sent to the pages, by anybody, before Django has written it to disk."""

from collections.abc import Iterator

import httpx
import pytest
from pytest_django import Settings

from plexus_site.asgi import application
from tests.gateways import RunningGateway

pytestmark = pytest.mark.django_db(transaction=True)

LIMIT_BYTES = 1000


@pytest.fixture
def small(gateway: RunningGateway, settings: Settings) -> RunningGateway:
    """A gateway that takes at most 1,000 bytes."""
    settings.PLEXUS_MAX_REQUEST_BYTES = LIMIT_BYTES
    return gateway


def in_pieces(total_bytes: int) -> Iterator[bytes]:
    """A body that does not say how long it will be."""
    for _ in range(total_bytes // 100):
        yield b"x" * 100


@pytest.mark.parametrize("path", ["/nowhere/", "/admin/login/", "/static/x.css"])
def test_a_body_that_announces_too_much_is_refused_unread(small: RunningGateway, path: str) -> None:
    with httpx.Client(trust_env=False) as client:
        reply = client.post(f"{small.url}{path}", content=b"x" * (LIMIT_BYTES + 1))

    assert reply.status_code == 413
    assert "PLEXUS_MAX_REQUEST_BYTES" in reply.text
    assert reply.headers["connection"] == "close"


def test_a_body_that_turns_out_too_large_is_refused(small: RunningGateway) -> None:
    reply = httpx.post(f"{small.url}/nowhere/", content=in_pieces(LIMIT_BYTES + 100), trust_env=False)

    assert reply.status_code == 413


@pytest.mark.parametrize("body", [b"x" * LIMIT_BYTES, b""])
def test_a_body_within_the_limit_reaches_the_pages(small: RunningGateway, body: bytes) -> None:
    whole = httpx.post(f"{small.url}/nowhere/", content=body, trust_env=False)
    in_parts = httpx.post(f"{small.url}/nowhere/", content=in_pieces(len(body)), trust_env=False)

    assert (whole.status_code, in_parts.status_code) == (404, 404)


async def test_a_body_too_large_is_not_received_to_its_end(settings: Settings) -> None:
    settings.PLEXUS_MAX_REQUEST_BYTES = LIMIT_BYTES
    received, sent = [], []

    async def receive() -> dict[str, object]:
        received.append(1)
        return {"type": "http.request", "body": b"x" * 400, "more_body": True}

    async def send(message: object) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/nowhere/", "headers": []}
    await application(scope, receive, send)

    assert len(received) == 3
    assert sent[0]["status"] == 413  # type: ignore[index]  # ASGI's message
