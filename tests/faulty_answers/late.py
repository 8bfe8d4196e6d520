"""Answers that come late, or never."""

from __future__ import annotations

import asyncio

from tests.faulty_answers.honest import honest
from tests.faulty_answers.turn import EVENT_STREAM, JSON, Behaviour, Turn, head_bytes
from tests.honest_answers import Asked, an_answer, dump, stream_events


def slow(seconds: str) -> Behaviour:
    async def behave(turn: Turn, asked: Asked) -> None:
        await asyncio.sleep(float(seconds))
        await honest()(turn, asked)

    return behave


async def until_there_are(count: int, turn: Turn) -> None:
    while turn.connection.requests_so_far < count:  # noqa: ASYNC110  requests come one by one, and nobody counts down
        await asyncio.sleep(0.01)


def head_first(seconds: str) -> Behaviour:
    async def behave(turn: Turn, asked: Asked) -> None:
        body = dump(an_answer(turn.path, asked, None))
        await turn.head(200, [*JSON, ("Content-Length", str(len(body)))])
        await asyncio.sleep(float(seconds))
        await turn.connection.send(body)

    return behave


def drip(seconds: str) -> Behaviour:
    async def behave(turn: Turn, asked: Asked) -> None:
        body = dump(an_answer(turn.path, asked, None))
        for byte in head_bytes(200, [*JSON, ("Content-Length", str(len(body)))]):
            await turn.connection.send(bytes([byte]))
            await asyncio.sleep(float(seconds))
        await turn.connection.send(body)

    return behave


async def silence(turn: Turn, asked: Asked) -> None:
    await asyncio.Event().wait()


def muttering(seconds: str) -> Behaviour:
    async def behave(turn: Turn, asked: Asked) -> None:
        await turn.head(200, EVENT_STREAM)
        for event in stream_events(turn.path, asked, 2, False):
            await turn.send(event)
        for _ in range(1000):
            await asyncio.sleep(float(seconds))
            await turn.send(b": at work\n\n")

    return behave
