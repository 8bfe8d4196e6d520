"""A good answer, whole or as a stream, which may go wrong at a given place."""

from __future__ import annotations

import asyncio

from tests.faulty_answers.turn import DONE, EVENT_STREAM, JSON, Behaviour, Turn
from tests.honest_answers import Asked, an_answer, dump, error_body, is_chat, stream_events


def honest(
    *,
    chunks: int | None = None,
    cut_after: int | None = None,
    stall_after: int | None = None,
    finishes: bool = True,
    says_done: bool = True,
    fails_after: int | None = None,
) -> Behaviour:
    """A good answer, or one that goes wrong at the given place."""
    breaks = cut_after if cut_after is not None else stall_after

    async def stop_early(turn: Turn) -> None:
        if cut_after is None:
            await asyncio.Event().wait()
        turn.connection.hang_up()

    async def whole(turn: Turn, asked: Asked) -> None:
        body = dump(an_answer(turn.path, asked, chunks))
        if breaks is None:
            await turn.whole(200, body)
            return
        await turn.head(200, [*JSON, ("Content-Length", str(len(body)))])
        await turn.connection.send(body[: len(body) // 2])
        await stop_early(turn)

    async def stream(turn: Turn, asked: Asked) -> None:
        await turn.head(200, EVENT_STREAM)
        # The first event of a chat stream carries the role and no content.
        for number, event in enumerate(stream_events(turn.path, asked, chunks, finishes)):
            sent = number - is_chat(turn.path)
            if sent == breaks:
                await stop_early(turn)
                return
            if sent == fails_after:
                await turn.send(b"data: " + error_body("The server had an error.", kind="server_error") + b"\n\n")
                break
            await turn.send(event)
        if says_done and finishes and fails_after is None:
            await turn.send(DONE)
        await turn.end()

    async def behave(turn: Turn, asked: Asked) -> None:
        streams = asked.get("stream") is True and not turn.path.endswith("/embeddings")
        await (stream if streams else whole)(turn, asked)

    return behave
