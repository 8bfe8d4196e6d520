"""Statuses: refusals, and upstreams that are well only for a while."""

from __future__ import annotations

import asyncio

from tests.faulty_answers.honest import honest
from tests.faulty_answers.turn import JSON, Behaviour, Turn
from tests.honest_answers import Asked, error_body


def status(code: str, retry_after: str | None) -> Behaviour:
    kind = "invalid_request_error" if int(code) < 500 else "server_error"
    headers = [*JSON, ("Retry-After", retry_after)] if retry_after else JSON
    body = error_body(f"The upstream says {code}.", kind=kind, code=f"upstream_says_{code}")

    async def behave(turn: Turn, asked: Asked) -> None:
        await turn.whole(int(code), body, headers)

    return behave


def cut_status(code: str) -> Behaviour:
    async def behave(turn: Turn, asked: Asked) -> None:
        await turn.head(int(code), [*JSON, ("Content-Length", "500")])
        await turn.connection.send(b'{"error"')
        turn.connection.hang_up()

    return behave


def refusal(status: int, code: str, message: str) -> Behaviour:
    async def behave(turn: Turn, asked: Asked) -> None:
        await turn.whole(status, error_body(message, code=code))

    return behave


async def echo_key(turn: Turn, asked: Asked) -> None:
    message = f"Your headers cannot be read: {turn.authorization}."
    await turn.whole(400, error_body(message, code="bad_headers"))


async def echo_team(turn: Turn, asked: Asked) -> None:
    message = f"Your headers cannot be read: {turn.team_key}."
    await turn.whole(400, error_body(message, code="bad_headers"))


async def wrong_advice(turn: Turn, asked: Asked) -> None:
    odd = [("x-should-retry", "true"), ("Set-Cookie", "a=1; Path=/")]
    await turn.whole(400, error_body("No.", code="no"), [*JSON, *odd])


def flaky(times: str, code: str, retry_after: str | None) -> Behaviour:
    async def behave(turn: Turn, asked: Asked) -> None:
        is_bad = turn.number <= int(times)
        await (status(code, retry_after) if is_bad else honest())(turn, asked)

    return behave


def tires(times: str, seconds: str, code: str | None) -> Behaviour:
    async def behave(turn: Turn, asked: Asked) -> None:
        is_tired = turn.number > int(times)
        await asyncio.sleep(float(seconds) if is_tired else 0)
        await (status(code, None) if is_tired and code else honest())(turn, asked)

    return behave
