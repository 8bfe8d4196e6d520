"""One real request on behalf of an administrator or a command, through the whole line, from outside the event loop."""

import asyncio
import random
from dataclasses import dataclass

import msgspec

from gateway import runtime
from gateway.access.keyring import Caller
from gateway.draft import Draft
from gateway.errors import GatewayError, NotReady, rendered
from gateway.exchange import answer
from gateway.runtime import Runtime
from history.ids import RANDOM_BITS, new_id
from providers.errors import UpstreamError

ANSWER_SECONDS = 60.0
SHOWN_CHARACTERS = 20_000


class NoGateway(Exception):
    """This process serves no gateway, so nothing can be sent from it."""


class NoAnswer(Exception):
    """It was sent, and we stopped waiting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of it."""

    request_id: str
    status: int
    provider: str
    model: str
    attempts: list[str]
    """One line for each try: who, what came of it, how long it took."""
    latency_ms: float
    text: str
    """What the model said."""
    error: str
    raw_body: str


def send(model: str, prompt: str, user_name: str, *, door: str = "admin") -> Trial:
    """Ask `model` (any name) one question; recorded like every request, as `door: user_name`. Blocks for at most a minute.

    Call it from a thread that is not the event loop's. Raises NoGateway or NoAnswer.
    """
    try:
        present = runtime.current()
    except NotReady as exc:
        raise NoGateway("This process serves no gateway. Start it with “manage.py serve” to send requests.") from exc
    body = msgspec.json.encode({"model": model, "messages": [{"role": "user", "content": prompt}]})
    going = asyncio.run_coroutine_threadsafe(_send(body, user_name, door, present), present.loop)
    try:
        return going.result(ANSWER_SECONDS)
    except TimeoutError as exc:
        going.cancel()
        raise NoAnswer(f"No answer within {ANSWER_SECONDS:g} seconds. The history shows what was tried.") from exc


async def _send(body: bytes, user_name: str, door: str, present: Runtime) -> Trial:
    began = present.now()
    draft = Draft(
        id=new_id(began.epoch, random.getrandbits(RANDOM_BITS)),
        began=began,
        api_type="chat",
        client_address=door,
        cancelled_code="timeout",  # nobody but `send` cancels it, and nobody's connection has closed
    )
    caller = Caller(key_id=None, name=f"{door}: {user_name}")

    async def read() -> bytes:
        return body

    try:
        reply = await answer(caller, read, [], draft, present)
        status, content = reply.status, reply.body
    except (GatewayError, UpstreamError) as exc:
        status, content = rendered(exc).status, rendered(exc).body
    assert isinstance(content, bytes)  # we asked for a whole answer
    last = draft.attempts[-1] if draft.attempts else None
    return Trial(
        request_id=draft.id,
        status=status,
        provider=last.provider if last else "",
        model=last.model if last else "",
        attempts=[
            f"{attempt.provider}/{attempt.model}: {attempt.error or attempt.outcome} ({attempt.latency_ms:.0f} ms)"
            for attempt in draft.attempts
        ],
        latency_ms=(present.clock() - began.monotonic) * 1000,
        text=_said(content),
        error=_error_in(content) if status >= 400 else "",
        raw_body=content.decode("utf-8", "replace")[:SHOWN_CHARACTERS],
    )


class _Message(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _Message | None = None


class _Error(msgspec.Struct):
    message: str = ""


class _Body(msgspec.Struct):
    choices: list[_Choice] = []
    error: _Error | None = None


def _said(body: bytes) -> str:
    choices = _read(body).choices
    return (choices[0].message.content or "") if choices and choices[0].message else ""


def _error_in(body: bytes) -> str:
    error = _read(body).error
    return error.message if error else body.decode("utf-8", "replace")[:500]


def _read(body: bytes) -> _Body:
    try:
        return msgspec.json.decode(body, type=_Body)
    except msgspec.DecodeError:
        return _Body()
