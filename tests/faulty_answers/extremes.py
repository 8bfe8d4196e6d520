"""More of what the faulty upstream says: streams that are cut at a byte, too much of everything, headers that mislead.

cut-at-120          a short stream (RECORDED), whose connection breaks after 120 bytes of its body
ends-at-120         the same, but its body ends there in good order
reset-after-3       a stream that is reset (RST) after 3 content chunks
flood-100           a stream of 100 MB, in events of 64 KiB
bomb                a stream compressed with gzip, though none was asked for: 100 MB in 100 KB
page-502            that status, with a page for browsers
odd-head            an answer, or a stream, with every header that must not pass
picky               400 where the last message is “bad”, else honest
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from functools import cache
from typing import TYPE_CHECKING

from tests.honest_answers import Asked, an_answer, dump, error_body, last_words, stream_events

if TYPE_CHECKING:
    from tests.faulty_answers.turn import Turn

JSON = [("Content-Type", "application/json")]
EVENT_STREAM = [("Content-Type", "text/event-stream")]
DONE = b"data: [DONE]\n\n"
RECORDED_WORDS = ("one ", "two")
FLOOD_EVENT_BYTES = 64 * 1024
MUST_NOT_PASS = [
    ("Set-Cookie", "session=upstream; Path=/"),
    ("Server", "upstream/1.0"),
    ("Via", "1.1 upstream"),
    ("Strict-Transport-Security", "max-age=31536000"),
    ("x-should-retry", "true"),
    ("Access-Control-Allow-Origin", "*"),
    ("x-ratelimit-remaining-requests", "7"),
    ("openai-organization", "the-house"),
    ("Retry-After", "7"),
    ("Location", "/elsewhere"),
    ("x-request-id", "req_upstream_2"),
]

Behaviour = Callable[["Turn", Asked], Awaitable[None]]


def recorded_chunk(choice: bytes) -> bytes:
    return b'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[%b]}\n\n' % choice


RECORDED = b"".join(
    [
        recorded_chunk(b'{"index":0,"delta":{"role":"assistant","content":"one "}}'),
        recorded_chunk(b'{"index":0,"delta":{"content":"two"}}'),
        recorded_chunk(b'{"index":0,"delta":{},"finish_reason":"stop"}'),
        DONE,
    ]
)
"""A whole stream, as short as one can be that has a role, two words, a finish and a [DONE]."""


def recorded(bytes_sent: str, *, breaks: bool) -> Behaviour:
    async def behave(turn: Turn, asked: Asked) -> None:
        await turn.head(200, EVENT_STREAM)
        if sent := RECORDED[: int(bytes_sent)]:
            await turn.send(sent)
        if breaks:
            turn.connection.hang_up()
        else:
            await turn.end()

    return behave


def reset_after(chunks: str) -> Behaviour:
    async def behave(turn: Turn, asked: Asked) -> None:
        await turn.head(200, EVENT_STREAM)
        for number, event in enumerate(stream_events(turn.path, asked, int(chunks) + 1, True)):
            if number > int(chunks):
                break
            await turn.send(event)
        await asyncio.sleep(0.1)  # a reset overtakes what its receiver has not read yet
        turn.connection.reset()

    return behave


def flood(megabytes: str) -> Behaviour:
    async def behave(turn: Turn, asked: Asked) -> None:
        await turn.head(200, EVENT_STREAM)
        event = recorded_chunk(b'{"index":0,"delta":{"content":"%b"}}' % (b"x" * FLOOD_EVENT_BYTES))
        for _ in range(int(megabytes) * 1024 * 1024 // FLOOD_EVENT_BYTES):
            await turn.send(event)
            await asyncio.sleep(0)
        await turn.send(recorded_chunk(b'{"index":0,"delta":{},"finish_reason":"stop"}') + DONE)
        await turn.end()

    return behave


async def bomb(turn: Turn, asked: Asked) -> None:
    await turn.whole(200, compressed_megabytes(100), [*EVENT_STREAM, ("Content-Encoding", "gzip")])


@cache
def compressed_megabytes(number: int) -> bytes:
    return gzip.compress(b"data: " + b" " * (number * 1024 * 1024))


def page(status: str) -> Behaviour:
    async def behave(turn: Turn, asked: Asked) -> None:
        body = b"<!doctype html><title>Bad gateway</title><script>alert(1)</script>"
        await turn.whole(int(status), body, [("Content-Type", "text/html")])

    return behave


async def odd_head(turn: Turn, asked: Asked) -> None:
    if asked.get("stream") is not True:
        await turn.whole(200, dump(an_answer(turn.path, asked, None)), [*JSON, *MUST_NOT_PASS])
        return
    await turn.head(200, [*EVENT_STREAM, *MUST_NOT_PASS])
    for event in [*stream_events(turn.path, asked, None, True), DONE]:
        await turn.send(event)
    await turn.end()


async def picky(turn: Turn, asked: Asked) -> None:
    if last_words(asked) == "bad":
        await turn.whole(400, error_body("I do not like this request."))
    else:
        await turn.whole(200, dump(an_answer(turn.path, asked, None)))


EXTREMES: dict[str, Callable[..., Behaviour]] = {
    r"cut-at-(\d+)": lambda sent: recorded(sent, breaks=True),
    r"ends-at-(\d+)": lambda sent: recorded(sent, breaks=False),
    r"reset-after-(\d+)": reset_after,
    r"flood-(\d+)": flood,
    r"bomb": lambda: bomb,
    r"page-(\d{3})": page,
    r"odd-head": lambda: odd_head,
    r"picky": lambda: picky,
}
