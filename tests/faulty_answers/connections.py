"""Connections that end, go stale or bring what is no HTTP."""

from __future__ import annotations

import asyncio

from tests.faulty_answers.honest import honest
from tests.faulty_answers.turn import JSON, Turn
from tests.honest_answers import Asked, error_body


async def hang_up(turn: Turn, asked: Asked) -> None:
    turn.connection.hang_up()


async def stale(turn: Turn, asked: Asked) -> None:
    turn.connection.reset_next_request()
    await honest()(turn, asked)


async def says_more(turn: Turn, asked: Asked) -> None:
    await honest()(turn, asked)
    await asyncio.sleep(0.05)
    await turn.whole(408, error_body("The server waited too long for a request."))


async def bad_chunks(turn: Turn, asked: Asked) -> None:
    await turn.head(200, JSON)
    await turn.send(b"{")
    await turn.send(b'"id":')
    await turn.connection.send(b"what?\r\n")


async def not_http(turn: Turn, asked: Asked) -> None:
    await turn.connection.send(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\r\n")
    turn.connection.hang_up()
