"""The upstream: it does what the prompt says, and keeps who asked it.

whole MS            a whole answer after so many milliseconds
stream CHUNKS MS    a stream, so many milliseconds between its chunks
status CODE         an error
cut CHUNKS MS       a stream that breaks off after so many chunks
hangup MS           no answer: the connection is closed
garbage             200, and no JSON
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import NoReturn, Self

from aiohttp import web

from benchmarks.chaos.errands import WORD, usage_of
from benchmarks.chaos.evidence import Arrival

DONE = b"data: [DONE]\n\n"


class Witness:
    """Listens on loopback while it is used as a context manager."""

    shutdown_seconds = 1.0
    """How long what is being answered may go on, once it is closed."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.port = 0
        """0: any; once it has listened, always the same."""

    async def __aenter__(self) -> Self:
        await self.listen()
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.close()

    async def listen(self) -> None:
        application = web.Application()
        application.router.add_post("/{provider}/v1/chat/completions", self._answer)
        self._runner = web.AppRunner(
            application, access_log=None, handler_cancellation=True, shutdown_timeout=self.shutdown_seconds
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, backlog=1024, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Refuse connections, and break those that are open."""
        await self._runner.cleanup()

    def url_of(self, provider: str) -> str:
        """The API root of one provider: by it the arrivals are told apart."""
        return f"http://127.0.0.1:{self.port}/{provider}/v1"

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        asked = json.loads(await request.read())
        word, number, script, *arguments = asked["messages"][0]["content"].split()
        assert word == WORD, "Somebody else asks"
        provider, model = request.match_info["provider"], asked["model"]
        # Kept before anything is answered: whoever has an answer has been seen.
        self.arrivals.append(
            Arrival(
                number=int(number), provider=provider, model=model, at=time.time(), is_hung_up_on=script == "hangup"
            )
        )
        try:
            return await self.do(request, script, int(number), [int(word) for word in arguments if word.isdecimal()])
        except ConnectionResetError:
            return await hang_up(request)  # whoever asked has gone, or was killed

    async def do(self, request: web.Request, script: str, number: int, arguments: list[int]) -> web.StreamResponse:
        """What the prompt says."""
        match script, arguments:
            case "whole", [milliseconds]:
                await asyncio.sleep(milliseconds / 1000)
                return web.json_response(whole_answer(number))
            case "stream", [chunks, milliseconds]:
                return await _stream(request, number, chunks, milliseconds, is_cut=False)
            case "cut", [chunks, milliseconds]:
                return await _stream(request, number, chunks, milliseconds, is_cut=True)
            case "status", [status]:
                return web.json_response({"error": {"message": "As you wished.", "type": "wished"}}, status=status)
            case "hangup", [milliseconds]:
                await asyncio.sleep(milliseconds / 1000)
                return await hang_up(request)
            case "garbage", []:
                return web.Response(text="<html>", content_type="text/html")
        raise AssertionError(f"Nobody knows how to {script}")


def whole_answer(number: int) -> dict[str, object]:
    """The body of a whole answer."""
    message = {"role": "assistant", "content": "Nothing is lost."}
    return {
        "id": f"chaos-{number}",
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": _usage(number),
    }


def _usage(number: int) -> dict[str, int]:
    used = usage_of(number)
    prompt, completion = used["input_tokens"], used["output_tokens"]
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


async def _stream(
    request: web.Request, number: int, chunks: int, milliseconds: int, *, is_cut: bool
) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for _ in range(chunks):
        await response.write(_event(number, [{"index": 0, "delta": {"content": "word "}}]))
        await asyncio.sleep(milliseconds / 1000)
    if is_cut:
        return await hang_up(request)
    await response.write(_event(number, [{"index": 0, "delta": {}, "finish_reason": "stop"}]))
    await response.write(_event(number, [], usage=_usage(number)) + DONE)
    return response


def _event(number: int, choices: list[dict[str, object]], **more: object) -> bytes:
    chunk = {"id": f"chaos-{number}", "object": "chat.completion.chunk", "choices": choices, **more}
    return b"data: %b\n\n" % json.dumps(chunk).encode()


async def hang_up(request: web.Request) -> NoReturn:
    """Ends with the connection: aiohttp cancels who still answers on it."""
    if request.transport is not None:
        request.transport.abort()
    await asyncio.Event().wait()
    raise AssertionError("Nobody sets it")
