"""The demo upstream as an ASGI application: `DemoUpstream(now=time.time)`."""

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any

from gateway.demo import answers, bodies, calls
from gateway.demo.calls import Refused, TextCall

Message = MutableMapping[str, Any]  # Any: ASGI's own dictionaries
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MAX_BODY_BYTES = 20 * 1024 * 1024
SECONDS_PER_WORD = 0.02
"""Fast enough not to bore, slow enough to see that it streams."""


class CallerLeft(Exception):
    """Nobody is there to answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoUpstream:
    """OpenAI's chat completions, completions, embeddings and models, under any prefix."""

    now: Callable[[], float]
    """Seconds since the epoch."""
    seconds_per_word: float = SECONDS_PER_WORD

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http", "The demo's server runs without lifespan and websockets."
        with contextlib.suppress(CallerLeft):
            try:
                await self._answer(scope["method"], scope["path"].rstrip("/"), receive, send)
            except Refused as refused:
                await _send_json(send, bodies.error(refused), status=refused.status)

    async def _answer(self, method: str, path: str, receive: Receive, send: Send) -> None:
        # The last two parts name the endpoint; what stands before is whoever's base URL.
        match method, path.split("/")[-2:]:
            case "GET" | "HEAD", [*_, "models"]:
                await _send_json(send, bodies.models())
            case "GET" | "HEAD", ["models", name]:
                await _send_json(send, bodies.model(name))
            case "POST", ["chat", "completions"]:
                call = calls.chat(calls.decode(await _body(receive)))
                await self._say(call, receive, send, whole=bodies.chat, chunks=bodies.chat_chunks)
            case "POST", [*_, "completions"]:
                call = calls.completion(calls.decode(await _body(receive)))
                await self._say(call, receive, send, whole=bodies.completion, chunks=bodies.completion_chunks)
            case "POST", [*_, "embeddings"]:
                wanted = calls.embeddings(calls.decode(await _body(receive)))
                await _send_json(send, bodies.embeddings(wanted))
            case _:
                raise Refused(f"The demo has nothing at {method} {path}.", status=404, code="not_found")

    async def _say(
        self,
        call: TextCall,
        receive: Receive,
        send: Send,
        *,
        whole: Callable[..., bodies.Body],
        chunks: Callable[..., Iterator[bodies.Body]],
    ) -> None:
        answer = answers.answer(call.model, call.question, asked=call.asked, max_tokens=call.max_tokens)
        made_from = f"{call.model}\n{call.asked}".encode("utf-8", "surrogatepass")
        id = f"demo-{hashlib.sha256(made_from).hexdigest()[:24]}"
        created = int(self.now())
        if not call.streams:
            await _send_json(send, whole(call, answer, id=id, created=created))
            return
        await self._stream(chunks(call, answer, id=id, created=created), receive, send)

    async def _stream(self, chunks: Iterator[bodies.Body], receive: Receive, send: Send) -> None:
        """Send chunk by chunk, at the pace of a model; stop when the caller leaves."""
        await _start(send, 200, b"text/event-stream; charset=utf-8")
        leaving = asyncio.ensure_future(_until_left(receive))
        try:
            for chunk in chunks:
                await send({"type": "http.response.body", "body": bodies.event(chunk), "more_body": True})
                await asyncio.wait([leaving], timeout=self.seconds_per_word)
                if leaving.done():
                    raise CallerLeft
            await send({"type": "http.response.body", "body": bodies.STREAM_END})
        finally:
            leaving.cancel()


async def _body(receive: Receive) -> bytes:
    """Raises Refused when it is too large, CallerLeft when it does not come to its end."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CallerLeft
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            raise Refused("The body is too large for the demo.", status=413, code="request_too_large")
        if not message.get("more_body"):
            return bytes(body)


async def _until_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_json(send: Send, body: bodies.Body, *, status: int = 200) -> None:
    text = bodies.encode(body)
    await _start(send, status, b"application/json", (b"content-length", str(len(text)).encode()))
    await send({"type": "http.response.body", "body": text})


async def _start(send: Send, status: int, content_type: bytes, *headers: tuple[bytes, bytes]) -> None:
    await send(
        {"type": "http.response.start", "status": status, "headers": [(b"content-type", content_type), *headers]}
    )
