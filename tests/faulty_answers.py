"""What the faulty upstream says: an honest OpenAI-compatible answer, or the fault that the model's name asks for.

anything else       an honest answer: the last user message comes back, with usage
chunks-200          the same in a stream of 200 content chunks
status-429          that status, with OpenAI's error body; status-429-retry-after-7 adds the header
cut-status-401      that status, and the connection closes in the middle of the body
silence             takes the request and never answers
slow-0.5            waits 0.5 s, then answers honestly
head-first-0.5      the head of its answer at once, the body 0.5 s later (no stream)
drip-0.1            sends its response headers one byte each 0.1 s
cut-after-3         closes the connection after 3 content chunks (not a stream: in the middle of the body)
stall-after-3       says nothing more after 3 content chunks (not a stream: after half of the body)
shouting            a stream whose Content-Type is Text/Event-Stream
no-done             a stream that ends cleanly without [DONE]
no-finish           a stream that ends cleanly with neither finish_reason nor [DONE]
error-in-stream     a stream that turns into an error event after 2 content chunks
html, bad-json      200 with a body that is no answer
redirect            302 to another place
gzip                a compressed body though none was asked for
huge                a body without an end (stops at 200 MB)
hang-up             closes the connection without a byte
stale               an honest answer; the next request on the same connection meets a reset
says-more           an honest answer, and 50 ms later one that nobody asked for
set-cookie          an honest answer with a cookie
odd-headers         an honest answer with a header twice, and one that is not UTF-8
bad-chunks          a chunked body whose third chunk has no length
not-http            bytes that are not HTTP
echo-key            400 with the Authorization it was sent in its message
too-long            400 context_length_exceeded
filtered            400 content_policy_violation
no-choices          200 with an object that is no answer
error-in-200        200 with an error for a body; in a stream as its first event
empty               an answer, or a stream, that is finished with nothing in it
error-first         a stream whose first event is an error
error-after-role    the same after the event with the role; role-then-cut, role-then-end, role-then-silence likewise
head-then-silence   the head of a stream, and nothing more
long-line           a stream of one event that never ends
muttering-0.05      a stream of 2 content chunks, then comments each 0.05 s without an end
wrong-advice        400 with x-should-retry: true and a cookie
flaky-2-status-500  the first 2 requests for this model get that status, then it is honest; -retry-after-1 adds the header
tires-25-0.5        answers 25 requests at once, then each 0.5 s late; tires-25-0.5-status-500: with that status from then on
first-1-hang-up     the first request for this model meets that (any name of this list), then it is honest
odd-spacing         valid JSON with strange whitespace, key order and number spellings

Cuts at a byte, floods and misleading headers: extreme_answers.py.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from tests.extreme_answers import EXTREMES
from tests.honest_answers import Asked, a_model, an_answer, dump, error_body, is_chat, stream_events

HUGE_BYTES = 200 * 1024 * 1024
JSON = [("Content-Type", "application/json")]
EVENT_STREAM = [("Content-Type", "text/event-stream; charset=utf-8"), ("Cache-Control", "no-cache")]
DONE = b"data: [DONE]\n\n"
MODELS = ["gpt-4o", "gpt-4o-mini", "text-embedding-3-small"]

Headers = list[tuple[str, str]]
Behaviour = Callable[["Turn", Asked], Awaitable[None]]


class Wire(Protocol):
    """The connection, as far as an answer needs it."""

    async def send(self, data: bytes) -> None: ...

    def hang_up(self) -> None: ...

    def reset(self) -> None: ...

    def reset_next_request(self) -> None: ...


@dataclass(slots=True, kw_only=True)
class Turn:
    """One request, and the means to answer it."""

    method: str
    path: str
    authorization: str
    body: bytes
    connection: Wire
    number: int = 1
    """How many requests for this body's model there have been, this one included."""

    async def head(self, status: int, headers: Headers) -> None:
        await self.connection.send(head_bytes(status, headers))

    async def send(self, data: bytes) -> None:
        """One piece of a chunked body."""
        await self.connection.send(b"%x\r\n%s\r\n" % (len(data), data))

    async def end(self) -> None:
        await self.connection.send(b"0\r\n\r\n")

    async def whole(self, status: int, body: bytes, headers: Headers = JSON) -> None:
        """Head and body at once, in one write, as small answers arrive in life."""
        length = ("Content-Length", str(len(body)))
        await self.connection.send(head_bytes(status, [*headers, length]) + body)


def head_bytes(status: int, headers: Headers) -> bytes:
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Unknown"
    sized = any(name == "Content-Length" for name, _ in headers)
    framing = [] if sized else [("Transfer-Encoding", "chunked")]
    lines = [f"{name}: {value}\r\n" for name, value in [*headers, ("X-Request-Id", "req_upstream_1"), *framing]]
    return f"HTTP/1.1 {status} {phrase}\r\n{''.join(lines)}\r\n".encode("latin-1")


async def answer(turn: Turn) -> None:
    """Answer one request: honestly, or as its model's name asks."""
    path = turn.path.partition("?")[0].rstrip("/")
    if turn.method == "GET" and path.endswith("/models"):
        await turn.whole(200, dump({"object": "list", "data": [a_model(name) for name in MODELS]}))
        return
    try:
        asked = json.loads(turn.body)
        model = str(asked["model"])
    except (ValueError, KeyError, TypeError):
        await turn.whole(400, error_body("We could not parse the JSON body of your request."))
        return
    await behaviour_of(model)(turn, asked)


def behaviour_of(model: str) -> Behaviour:
    name = model.rpartition("/")[2]
    for pattern, behaviour in BEHAVIOURS.items():
        if found := re.fullmatch(pattern, name):
            return behaviour(*found.groups())
    return honest()


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


def slow(seconds: str) -> Behaviour:
    async def behave(turn: Turn, asked: Asked) -> None:
        await asyncio.sleep(float(seconds))
        await honest()(turn, asked)

    return behave


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


async def shouting(turn: Turn, asked: Asked) -> None:
    await turn.head(200, [("Content-Type", "Text/Event-Stream")])
    for event in [*stream_events(turn.path, asked, None, True), DONE]:
        await turn.send(event)
    await turn.end()


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


async def hang_up(turn: Turn, asked: Asked) -> None:
    turn.connection.hang_up()


async def stale(turn: Turn, asked: Asked) -> None:
    turn.connection.reset_next_request()
    await honest()(turn, asked)


async def says_more(turn: Turn, asked: Asked) -> None:
    await honest()(turn, asked)
    await asyncio.sleep(0.05)
    await turn.whole(408, error_body("The server waited too long for a request."))


async def set_cookie(turn: Turn, asked: Asked) -> None:
    await turn.whole(200, dump(an_answer(turn.path, asked, None)), [*JSON, ("Set-Cookie", "a=1; Path=/")])


async def odd_headers(turn: Turn, asked: Asked) -> None:
    odd = [("X-Twice", "first"), ("x-twice", "second"), ("X-Latin", "caf\xe9")]
    await turn.whole(200, dump(an_answer(turn.path, asked, None)), [*JSON, *odd])


async def bad_chunks(turn: Turn, asked: Asked) -> None:
    await turn.head(200, JSON)
    await turn.send(b"{")
    await turn.send(b'"id":')
    await turn.connection.send(b"what?\r\n")


async def not_http(turn: Turn, asked: Asked) -> None:
    await turn.connection.send(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\r\n")
    turn.connection.hang_up()


async def echo_key(turn: Turn, asked: Asked) -> None:
    message = f"Your headers cannot be read: {turn.authorization}."
    await turn.whole(400, error_body(message, code="bad_headers"))


def refusal(status: int, code: str, message: str) -> Behaviour:
    async def behave(turn: Turn, asked: Asked) -> None:
        await turn.whole(status, error_body(message, code=code))

    return behave


async def no_choices(turn: Turn, asked: Asked) -> None:
    await turn.whole(200, b"{}")


OVERLOADED = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'


async def error_in_200(turn: Turn, asked: Asked) -> None:
    await turn.whole(200, OVERLOADED)


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


def muttering(seconds: str) -> Behaviour:
    async def behave(turn: Turn, asked: Asked) -> None:
        await turn.head(200, EVENT_STREAM)
        for event in stream_events(turn.path, asked, 2, False):
            await turn.send(event)
        for _ in range(1000):
            await asyncio.sleep(float(seconds))
            await turn.send(b": at work\n\n")

    return behave


async def wrong_advice(turn: Turn, asked: Asked) -> None:
    odd = [("x-should-retry", "true"), ("Set-Cookie", "a=1; Path=/")]
    await turn.whole(400, error_body("No.", code="no"), [*JSON, *odd])


def flaky(times: str, code: str, retry_after: str | None) -> Behaviour:
    async def behave(turn: Turn, asked: Asked) -> None:
        is_bad = turn.number <= int(times)
        await (status(code, retry_after) if is_bad else honest())(turn, asked)

    return behave


def at_first(times: str, fault: str) -> Behaviour:
    async def behave(turn: Turn, asked: Asked) -> None:
        await (behaviour_of(fault) if turn.number <= int(times) else honest())(turn, asked)

    return behave


def tires(times: str, seconds: str, code: str | None) -> Behaviour:
    async def behave(turn: Turn, asked: Asked) -> None:
        is_tired = turn.number > int(times)
        await asyncio.sleep(float(seconds) if is_tired else 0)
        await (status(code, None) if is_tired and code else honest())(turn, asked)

    return behave


async def odd_spacing(turn: Turn, asked: Asked) -> None:
    model = json.dumps(asked["model"])
    if asked.get("stream") is not True:
        await turn.whole(200, ODD_ANSWER.replace("MODEL", model).encode())
        return
    await turn.head(200, EVENT_STREAM)
    await turn.send(ODD_EVENTS.replace("MODEL", model).encode())
    await turn.end()


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

BEHAVIOURS: dict[str, Callable[..., Behaviour]] = {
    r"chunks-(\d+)": lambda count: honest(chunks=int(count)),
    r"status-(\d{3})(?:-retry-after-(.+))?": status,
    r"cut-status-(\d{3})": cut_status,
    r"silence": lambda: silence,
    r"slow-([\d.]+)": slow,
    r"head-first-([\d.]+)": head_first,
    r"drip-([\d.]+)": drip,
    r"cut-after-(\d+)": lambda count: honest(cut_after=int(count), chunks=int(count) + 5),
    r"stall-after-(\d+)": lambda count: honest(stall_after=int(count), chunks=int(count) + 5),
    r"shouting": lambda: shouting,
    r"no-done": lambda: honest(says_done=False),
    r"no-finish": lambda: honest(finishes=False),
    r"error-in-stream": lambda: honest(fails_after=2, chunks=5),
    r"html": lambda: html,
    r"bad-json": lambda: bad_json,
    r"redirect": lambda: redirect,
    r"gzip": lambda: compressed,
    r"huge": lambda: huge,
    r"hang-up": lambda: hang_up,
    r"stale": lambda: stale,
    r"says-more": lambda: says_more,
    r"set-cookie": lambda: set_cookie,
    r"odd-headers": lambda: odd_headers,
    r"bad-chunks": lambda: bad_chunks,
    r"not-http": lambda: not_http,
    r"echo-key": lambda: echo_key,
    r"odd-spacing": lambda: odd_spacing,
    r"too-long": lambda: refusal(400, "context_length_exceeded", "At most 8192 tokens."),
    r"filtered": lambda: refusal(400, "content_policy_violation", "Your request was rejected."),
    r"no-choices": lambda: no_choices,
    r"error-in-200": lambda: error_in_200,
    r"empty": lambda: empty,
    r"error-first": lambda: opening(error=True),
    r"error-after-role": lambda: opening(role=True, error=True),
    r"role-then-cut": lambda: opening(role=True, ends="cut"),
    r"role-then-end": lambda: opening(role=True),
    r"role-then-silence": lambda: opening(role=True, ends="silence"),
    r"head-then-silence": lambda: opening(ends="silence"),
    r"long-line": lambda: long_line,
    r"muttering-([\d.]+)": muttering,
    r"wrong-advice": lambda: wrong_advice,
    r"tires-(\d+)-([\d.]+)(?:-status-(\d{3}))?": tires,
    r"first-(\d+)-(.+)": at_first,
    r"flaky-(\d+)-status-(\d{3})(?:-retry-after-(.+))?": flaky,
    **EXTREMES,
}
