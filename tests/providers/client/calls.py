"""Calls to the faulty upstream, as the tests of the transport make them."""

import asyncio
import json
import random
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from aiohttp.abc import AbstractResolver, ResolveResult

from providers.addresses import AllowedNetworks
from providers.client import (
    UpstreamRequest,
    UpstreamResponse,
    UpstreamTransport,
    read_limited,
    ready_headers,
    upstream_request,
)
from providers.timeouts import Timeouts
from tests.faulty_upstream import FaultyUpstream
from tests.waiting import comes

LOOPBACK = AllowedNetworks.parse("127.0.0.0/8")
HEADERS = ready_headers([(b"Authorization", b"Bearer sk-upstream"), (b"Content-Type", b"application/json")])
PATIENT = Timeouts(connect_seconds=60)
"""For calls that will be answered, however busy the machine is."""
SHORT_FIRST_BYTE = replace(PATIENT, first_byte_seconds=0.3)
SHORT_IDLE = replace(PATIENT, idle_seconds=0.5)
"""For calls to an upstream that stops, and for nothing else: even then, what it says before must come."""


def a_request(
    upstream: FaultyUpstream | str, model: str, *, streams: bool = False, timeouts: Timeouts = PATIENT
) -> UpstreamRequest:
    url = upstream if isinstance(upstream, str) else upstream.url + "/chat/completions"
    asked = {"model": model, "messages": [{"role": "user", "content": "one two three"}], "stream": streams}
    return upstream_request(url, HEADERS, [], json.dumps(asked).encode(), timeouts)


@asynccontextmanager
async def answered(transport: UpstreamTransport, request: UpstreamRequest) -> AsyncIterator[UpstreamResponse]:
    response = await transport.handle_async_request(request)
    try:
        yield response
    finally:
        await response.aclose()


async def ask(transport: UpstreamTransport, request: UpstreamRequest) -> bytes:
    async with answered(transport, request) as response:
        return await read_limited(response, 1 << 20)


async def gathered(response: UpstreamResponse, into: list[bytes]) -> None:
    async for chunk in response.stream:
        into.append(chunk)  # noqa: PERF401  # the chunks before a failure count


async def none_open(upstream: FaultyUpstream) -> bool:
    """Whether every connection is gone, at once or soon."""
    return await comes(lambda: upstream.open_connections == 0)


async def cancel_at_random(count: int, call: Callable[[], Awaitable[object]]) -> None:
    """Make many calls, 200 at a time, and cancel each within a tenth of a second: while it connects, sends, reads."""
    chance = random.Random(7)

    async def cancelled_call() -> None:
        task = asyncio.ensure_future(call())
        await asyncio.sleep(chance.uniform(0, 0.1))
        assert not task.done()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    for done in range(0, count, 200):
        await asyncio.gather(*(cancelled_call() for _ in range(min(200, count - done))))


class Names(AbstractResolver):
    """A name service with these entries alone."""

    def __init__(self, **addresses: list[str]) -> None:
        self.addresses = {name.replace("_", "."): found for name, found in addresses.items()}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = self.addresses[host]
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0) for address in found
        ]

    async def close(self) -> None:
        pass
