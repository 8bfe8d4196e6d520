"""The whole line in one event loop, without a server: an ASGI client in front, a real upstream on loopback behind.

The upstream says a word only when it is asked for one, so that each arrives in a read of its own: what the line does for it
is then the same every time.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from gateway.asgi import Message, application

ANSWER = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "gpt-4o-mini",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "x" * 600}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 210, "completion_tokens": 120, "total_tokens": 330},
    }
).encode()
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(ANSWER), ANSWER)
STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
WORD = b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":" word"}}]}\n\n'
LAST = b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
END = LAST + b"data: [DONE]\n\n"


def in_chunk(event: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(event), event)


class StepwiseUpstream:
    """Answers one request after the other, in a thread. A stream goes on by one word for each `step`."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}/v1"
        self.steps = threading.Semaphore(0)

    def step(self) -> None:
        self.steps.release()

    def serve(self) -> None:
        connection, _ = self.listening.accept()
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while body := self.request(connection):
                self.answer(connection, json.loads(body))

    def request(self, connection: socket.socket) -> bytes:
        received = b""
        while piece := connection.recv(65536):
            received += piece
            head, _, body = received.partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0] or 0)
            if len(body) >= length > 0:
                return body
        return b""

    def answer(self, connection: socket.socket, asked: dict[str, Any]) -> None:  # Any: JSON
        if not asked.get("stream"):
            connection.sendall(WHOLE)
            return
        connection.sendall(STREAM_HEAD + in_chunk(WORD))
        for _ in range(asked["max_tokens"]):
            self.steps.acquire()
            connection.sendall(in_chunk(WORD))
        self.steps.acquire()
        connection.sendall(in_chunk(END) + b"0\r\n\r\n")


@contextmanager
def stepwise_upstream() -> Iterator[StepwiseUpstream]:
    """It runs while the block does; the gateway must have let go of it at the end."""
    upstream = StepwiseUpstream()
    thread = threading.Thread(target=upstream.serve, name="stepwise upstream", daemon=True)
    thread.start()
    yield upstream
    thread.join(10)
    upstream.listening.close()


@dataclass(slots=True, kw_only=True)
class Asked:
    """One request from an ASGI server's side, and what was sent back."""

    key: str
    body: bytes
    upstream: StepwiseUpstream
    status: int = 0
    pieces: list[bytes] = field(default_factory=list)
    blocks_at_reply: int = 0
    """Memory blocks of the process when the reply began."""
    has_been_read: bool = False

    async def receive(self) -> Message:
        if self.has_been_read:
            await asyncio.Event().wait()  # the client stays
        self.has_been_read = True
        return {"type": "http.request", "body": self.body, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.blocks_at_reply = sys.getallocatedblocks()
            self.status = message["status"]
            return
        self.pieces.append(message["body"])
        self.upstream.step()

    async def run(self) -> None:
        headers = [
            (b"host", b"127.0.0.1:4000"),
            (b"content-type", b"application/json"),
            (b"accept", b"application/json"),
            (b"user-agent", b"OpenAI/Python 3.0.0"),
            (b"authorization", f"Bearer {self.key}".encode()),
            (b"content-length", str(len(self.body)).encode()),
        ]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/v1/chat/completions",
            "raw_path": b"/v1/chat/completions",
            "query_string": b"",
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 4000),
            "state": {},
        }
        await application(scope, self.receive, self.send)


@asynccontextmanager
async def alive() -> AsyncIterator[None]:
    """The application between its start-up and its shutdown."""
    heard: asyncio.Queue[Message] = asyncio.Queue()
    said: asyncio.Queue[Message] = asyncio.Queue()
    life = asyncio.create_task(application({"type": "lifespan"}, heard.get, said.put))
    await heard.put({"type": "lifespan.startup"})
    assert (await said.get())["type"] == "lifespan.startup.complete"
    try:
        yield
    finally:
        await heard.put({"type": "lifespan.shutdown"})
        await life
