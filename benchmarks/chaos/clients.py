"""The clients: they send errands at a steady rate, whatever became of those before, and keep what they saw."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from uuid import UUID

import aiohttp

from benchmarks.chaos.errands import Order
from benchmarks.chaos.evidence import Ending, Errand, Said

PATIENCE_SECONDS = 60.0
"""Longer than any answer, and than both workers are away at once."""
NOBODYS_KEY = "sk-plx-nobody-made-this-key"
DONE = b"data: [DONE]\n\n"
EVENT_STREAM = "text/event-stream"


class Clients:
    """All of them. `errands` and `said` are their story."""

    def __init__(
        self,
        url: str,
        keys: Mapping[str, str],
        source: Iterator[Order],
        *,
        per_second: float,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._url = f"{url}/v1/chat/completions"
        self._keys = keys
        """Name -> key."""
        self._source = source
        self._per_second = per_second
        self._patience_seconds = patience_seconds
        self._under_way: set[asyncio.Task[None]] = set()
        self._is_over = False
        self.errands: dict[int, Errand] = {}
        self.said: list[Said] = []

    @property
    def under_way(self) -> int:
        return len(self._under_way)

    def stop(self) -> None:
        """Send no more."""
        self._is_over = True

    async def run(self) -> None:
        """Send until `stop`, or until the source has no more; then wait for what is under way."""
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector, trust_env=False) as session:
            began, sent = time.monotonic(), 0
            while not self._is_over and (order := next(self._source, None)) is not None:
                due = began + sent / self._per_second
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                self._send(session, order)
                sent += 1
            while self._under_way:
                await asyncio.wait(self._under_way)

    def _send(self, session: aiohttp.ClientSession, order: Order) -> None:
        self.errands[order.errand.number] = order.errand
        task = asyncio.get_running_loop().create_task(self._ask(session, order))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _ask(self, session: aiohttp.ClientSession, order: Order) -> None:
        look = Look(number=order.errand.number)
        patience = order.leaves_after_seconds or self._patience_seconds
        headers = {
            "Authorization": f"Bearer {self._keys.get(order.errand.key, NOBODYS_KEY)}",
            "Content-Type": "application/json",
        }
        try:
            async with asyncio.timeout(patience):
                async with session.post(self._url, data=order.body, headers=headers) as response:
                    look.at_head(response)
                    async for piece in response.content.iter_any():
                        look.received += piece
                look.at_end(response.content_type)
        except TimeoutError:
            look.ending = Ending.CUT if order.leaves_after_seconds is None else Ending.LEFT
            look.why = "no answer in time" if order.leaves_after_seconds is None else ""
        except (aiohttp.ClientError, OSError) as exc:
            look.ending, look.why = Ending.CUT, type(exc).__name__
        self.said.append(look.said())


class Look:
    """What one client has seen so far."""

    def __init__(self, *, number: int) -> None:
        self.number = number
        self.began_at, self._began = time.time(), time.monotonic()
        self.received = bytearray()
        self.ending = Ending.CUT
        self.why = ""
        self._status: int | None = None
        self._request_id: UUID | None = None
        self._head_ms: float | None = None
        self._retry_after = ""

    def at_head(self, response: aiohttp.ClientResponse) -> None:
        self._head_ms = (time.monotonic() - self._began) * 1000
        self._status = response.status
        self._retry_after = response.headers.get("retry-after", "")
        if "x-request-id" in response.headers:
            self._request_id = UUID(response.headers["x-request-id"])

    def at_end(self, content_type: str) -> None:
        """The body came to its end."""
        if content_type != EVENT_STREAM:
            self.ending, self.why = Ending.WHOLE, _code_in(bytes(self.received))
        elif self.received.endswith(DONE):
            self.ending = Ending.FINISHED
        else:
            last = self.received.rstrip().rpartition(b"data: ")[2]
            self.why = _code_in(bytes(last))
            self.ending = Ending.TOLD if self.why else Ending.SILENT

    def said(self) -> Said:
        return Said(
            number=self.number,
            began_at=self.began_at,
            ended_at=time.time(),
            ending=self.ending,
            status=self._status,
            request_id=self._request_id,
            head_ms=self._head_ms,
            why=self.why,
            retry_after=self._retry_after,
        )


@asynccontextmanager
async def traffic_of(clients: Clients) -> AsyncIterator[None]:
    """While the block runs, and until every client has seen its end."""
    traffic = asyncio.create_task(clients.run())
    try:
        yield
        clients.stop()
        await traffic
    finally:
        traffic.cancel()
        await asyncio.gather(traffic, return_exceptions=True)


def _code_in(body: bytes) -> str:
    """The code or type of an error in OpenAI's shape; empty where there is none."""
    try:
        error = json.loads(body).get("error")
    except (ValueError, AttributeError):
        return ""
    return str(error.get("code") or error.get("type")) if isinstance(error, dict) else ""
