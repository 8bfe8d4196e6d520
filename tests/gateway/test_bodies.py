"""Limits on bodies, in front of any ASGI application."""

import asyncio
from collections.abc import Sequence

import pytest

from gateway.bodies import Message, Receive, Scope, Send, within_limits


async def answered(
    messages: Sequence[Message], *, announced: bytes | None = None, most_bytes: int = 10, seconds: float = 5
) -> list[Message]:
    """What a client is sent that sends these, then nothing more."""
    sent: list[Message] = []
    waiting = list(messages)

    async def receive() -> Message:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    async def reads_all(scope: Scope, receive: Receive, send: Send) -> None:
        while (message := await receive()).get("more_body"):
            pass
        if message["type"] == "http.disconnect":
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})

    headers = [] if announced is None else [(b"content-length", announced)]
    scope = {"type": "http", "headers": headers}
    await within_limits(reads_all, most_bytes=most_bytes, seconds=seconds)(scope, receive, send)
    return sent


async def test_a_body_within_the_limits_passes() -> None:
    sent = await answered([{"type": "http.request", "body": b"12345", "more_body": True}, {"type": "http.request"}])

    assert [message.get("status") for message in sent] == [200]


@pytest.mark.parametrize("length", [b"10", b"0", b"not a number"])
async def test_a_body_that_announces_no_more_than_the_limit_passes(length: bytes) -> None:
    sent = await answered([{"type": "http.request", "body": b"1234567890"}], announced=length)

    assert [message.get("status") for message in sent] == [200]


@pytest.mark.parametrize("length", [b"11", b"9" * 5000])
async def test_a_body_that_announces_too_much_is_refused_unread(length: bytes) -> None:
    sent = await answered([], announced=length)

    assert sent[0]["status"] == 413
    assert b"PLEXUS_MAX_REQUEST_BYTES" in sent[1]["body"]


async def test_a_body_that_grows_too_large_gets_413_from_us() -> None:
    piece = {"type": "http.request", "body": b"123456", "more_body": True}

    sent = await answered([piece, piece])

    assert sent[0]["status"] == 413
    assert b'"code":"request_too_large"' in sent[1]["body"]


async def test_a_body_that_does_not_come_gets_408_and_the_connection_is_closed() -> None:
    sent = await answered([{"type": "http.request", "body": b"1", "more_body": True}], seconds=0.05)

    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]
