"""Whole answers that are none, or odd ones."""

from __future__ import annotations

import asyncio
import gzip

from tests.faulty_answers.turn import JSON, Turn
from tests.honest_answers import Asked, an_answer, dump

HUGE_BYTES = 200 * 1024 * 1024
OVERLOADED = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'


async def html(turn: Turn, asked: Asked) -> None:
    page = b"<!doctype html><title>Welcome</title><h1>It works!</h1>"
    await turn.whole(200, page, [("Content-Type", "text/html; charset=utf-8")])


async def bad_json(turn: Turn, asked: Asked) -> None:
    await turn.whole(200, b'{"id": "chatcmpl-1", "choices": [{"index": 0, "mess')


async def redirect(turn: Turn, asked: Asked) -> None:
    await turn.whole(302, b"", [("Location", "/v1/models")])


async def compressed(turn: Turn, asked: Asked) -> None:
    body = gzip.compress(dump(an_answer(turn.path, asked, None)))
    await turn.whole(200, body, [*JSON, ("Content-Encoding", "gzip")])


async def huge(turn: Turn, asked: Asked) -> None:
    await turn.head(200, JSON)
    for _ in range(HUGE_BYTES // 65536):
        await turn.send(b" " * 65536)
        await asyncio.sleep(0)
    await turn.end()


async def set_cookie(turn: Turn, asked: Asked) -> None:
    await turn.whole(200, dump(an_answer(turn.path, asked, None)), [*JSON, ("Set-Cookie", "a=1; Path=/")])


async def odd_headers(turn: Turn, asked: Asked) -> None:
    odd = [("X-Twice", "first"), ("x-twice", "second"), ("X-Latin", "caf\xe9")]
    await turn.whole(200, dump(an_answer(turn.path, asked, None)), [*JSON, *odd])


async def no_choices(turn: Turn, asked: Asked) -> None:
    await turn.whole(200, b"{}")


async def error_in_200(turn: Turn, asked: Asked) -> None:
    await turn.whole(200, OVERLOADED)
