"""Limits on the bodies that an ASGI application is sent, kept in front of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from gateway.errors import BodyTimeout, BodyTooLarge, rendered

Message = MutableMapping[str, Any]  # Any: ASGI's own shapes, here and below
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def within_limits(application: Application, *, most_bytes: int, seconds: float) -> Application:
    """The application, which never receives more of a body than that, nor waits longer for it. 413 and 408."""

    async def limited(scope: Scope, receive: Receive, send: Send) -> None:
        if announces_more_than(most_bytes, scope):
            await _refuse(BodyTooLarge(most_bytes), send)
            return
        body = Body(receive, most_bytes=most_bytes, seconds=seconds)
        await application(scope, body.receive, send)
        if body.refusal is not None:
            await _refuse(body.refusal, send)

    return limited


def announces_more_than(most_bytes: int, scope: Scope) -> bool:
    """Whether the request's head says that its body will be larger."""
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    # Python reads numbers of at most 4,300 digits; twenty are more than enough to be too many.
    return any(length.isdigit() and int(length[:20]) > most_bytes for length in lengths)


class Body:
    """What has been received of one."""

    def __init__(self, receive: Receive, *, most_bytes: int, seconds: float) -> None:
        self._receive = receive
        self._most_bytes = most_bytes
        self._seconds = seconds
        self._late_at = asyncio.get_running_loop().time() + seconds
        self._size = 0
        self._is_whole = False
        self.refusal: BodyTooLarge | BodyTimeout | None = None

    async def receive(self) -> Message:
        """ASGI's own. Past a limit the client seems to have gone: the application tidies up and answers nothing."""
        if self._is_whole:
            return await self._receive()  # nothing more comes but the end of the connection
        try:
            async with asyncio.timeout_at(self._late_at):
                message = await self._receive()
        except TimeoutError:
            return self._refused(BodyTimeout(self._seconds))
        self._size += len(message.get("body", b""))
        if self._size > self._most_bytes:
            return self._refused(BodyTooLarge(self._most_bytes))
        self._is_whole = not message.get("more_body")
        return message

    def _refused(self, why: BodyTooLarge | BodyTimeout) -> Message:
        self.refusal = why
        return {"type": "http.disconnect"}


async def _refuse(exc: BodyTooLarge | BodyTimeout, send: Send) -> None:
    error = rendered(exc)
    headers = {**error.headers, "content-type": error.content_type, "content-length": str(len(error.body))}
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": error.status, "headers": pairs})
    await send({"type": "http.response.body", "body": error.body})
