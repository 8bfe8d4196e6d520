"""Comments for clients of silent streams."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from gateway.quiet_streams import COMMENT, SILENT_LOOKS, QuietStreams
from tests.waiting import comes


class Stream:
    def __init__(self, *, is_waiting: bool = True) -> None:
        self.is_waiting = is_waiting
        self.sent_bytes = 0


@pytest.fixture
def quiet() -> QuietStreams:
    return QuietStreams(look_seconds=0.01)


async def commented(quiet: QuietStreams, stream: Stream, *, speaks: bool = False, seconds: float = 0.3) -> list[bytes]:
    """What the client of this stream gets in that time beside its content."""
    sent: list[bytes] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message["body"])

    quiet.add(stream, send)
    for _ in range(int(seconds / 0.01)):
        await asyncio.sleep(0.01)
        stream.sent_bytes += speaks
    quiet.discard(stream)
    return sent


async def test_a_silent_stream_gets_a_comment_now_and_then(quiet: QuietStreams) -> None:
    sent = await commented(quiet, Stream())

    assert set(sent) == {COMMENT}
    assert 2 <= len(sent) <= 6, "now and then, not at each of thirty looks"


async def test_a_stream_that_speaks_gets_none(quiet: QuietStreams) -> None:
    assert await commented(quiet, Stream(), speaks=True, seconds=0.2) == []


async def test_a_client_that_does_not_read_is_not_sent_more(quiet: QuietStreams) -> None:
    assert await commented(quiet, Stream(is_waiting=False)) == []


async def test_a_stream_that_has_just_ended_gets_none(quiet: QuietStreams) -> None:
    sent: list[bytes] = []
    stream = Stream()

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message["body"])

    quiet.add(stream, send)
    for _ in range(SILENT_LOOKS + 1):
        quiet._look()
    quiet.discard(stream)
    await asyncio.sleep(0)

    assert sent == []


async def test_once_nobody_streams_nobody_looks(quiet: QuietStreams) -> None:
    await commented(quiet, Stream(), seconds=0.02)

    assert await comes(lambda: quiet._timer is None)
