"""Streams that go wrong before they say anything, or are written oddly."""

from __future__ import annotations

import asyncio
import json

from tests.faulty_answers.bodies import OVERLOADED
from tests.faulty_answers.turn import DONE, EVENT_STREAM, Behaviour, Turn
from tests.honest_answers import Asked, an_answer, dump, stream_events

ODD_ANSWER = """
{ "choices" :[ {"finish_reason":"stop" ,"index":0,\t"message":{"content":"caf\\u00e9 {\\"model\\":1}" ,
     "role" : "assistant"}} ],
  "x_own" : {"model": "inner", "n": 1.0e+2}, "model"\t:  MODEL ,
  "usage":{"total_tokens":3 ,"completion_tokens":1, "prompt_tokens": 2},"object":"chat.completion","id":"odd-1"}
"""
ODD_EVENTS = (
    ": a comment\r\n\r\n"
    'id: 7\r\ndata:{"choices" : [{"delta":{"content":"caf\\u00e9"} ,"index":0}],\t"model" : MODEL }\r\n\r\n'
    'data:  { "model":MODEL,"choices":[ {"finish_reason":"stop","delta":{ },"index":0}]}\r\r'
    "data:[DONE]\n\n"
)


async def shouting(turn: Turn, asked: Asked) -> None:
    await turn.head(200, [("Content-Type", "Text/Event-Stream")])
    for event in [*stream_events(turn.path, asked, None, True), DONE]:
        await turn.send(event)
    await turn.end()


async def empty(turn: Turn, asked: Asked) -> None:
    if asked.get("stream") is not True:
        answer: dict[str, object] = an_answer(turn.path, asked, 0)
        await turn.whole(200, dump(answer))
        return
    await turn.head(200, EVENT_STREAM)
    for event in stream_events(turn.path, asked, 0, True):
        await turn.send(event)
    await turn.send(DONE)
    await turn.end()


def opening(*, role: bool = False, error: bool = False, ends: str = "") -> Behaviour:
    """A stream that goes wrong before it says anything."""

    async def behave(turn: Turn, asked: Asked) -> None:
        await turn.head(200, EVENT_STREAM)
        if role:
            await turn.send(next(stream_events(turn.path, asked, 1, True)))
        if error:
            await turn.send(b"event: error\ndata: " + OVERLOADED + b"\n\n")
        if ends == "silence":
            await asyncio.Event().wait()
        elif ends == "cut":
            await asyncio.sleep(0.02)
            turn.connection.hang_up()
        else:
            await turn.end()

    return behave


async def long_line(turn: Turn, asked: Asked) -> None:
    await turn.head(200, EVENT_STREAM)
    await turn.send(b"data: ")
    for _ in range(10 * 16):
        await turn.send(b"x" * 65536)
        await asyncio.sleep(0)
    await turn.end()


async def odd_spacing(turn: Turn, asked: Asked) -> None:
    model = json.dumps(asked["model"])
    if asked.get("stream") is not True:
        await turn.whole(200, ODD_ANSWER.replace("MODEL", model).encode())
        return
    await turn.head(200, EVENT_STREAM)
    await turn.send(ODD_EVENTS.replace("MODEL", model).encode())
    await turn.end()
