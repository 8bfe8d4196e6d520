"""Calls to upstreams that never come to an end by themselves, each held somewhere else."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Awaitable, Callable

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from benchmarks.endurance.hanging import SECURE_NAME
from providers.client import UpstreamResponse, UpstreamTransport, read_limited, ready_headers, upstream_request
from providers.timeouts import Timeouts

SLOWEST_LOOKUP_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 0.05
NAMES_AT_ONCE = 10
LARGE_BODY = b" " * (6 * 1024 * 1024)
"""More than the kernel takes for one socket: the rest waits in the transport."""
TIMEOUTS = Timeouts()
NO_HEADERS = ready_headers([])

Call = Callable[[], Awaitable[object]]


class SlowNames(AbstractResolver):
    """A name service that takes its time. “localhost” is looked up by the system, in a thread."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.system = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if host == "localhost":
            return await self.system.resolve(host, port, family)
        if host != SECURE_NAME:
            await asyncio.sleep(self.chance.uniform(0, SLOWEST_LOOKUP_SECONDS))
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        await self.system.close()


class Calls:
    """All that are made on one transport."""

    def __init__(self, transport: UpstreamTransport, ports: dict[str, int], chance: random.Random) -> None:
        self.transport = transport
        self.ports = ports
        self.chance = chance
        self.number = 0
        self.plain = f"http://127.0.0.1:{ports['plain']}"
        self.by_name = f"http://localhost:{ports['plain']}"
        self.secure = f"https://{SECURE_NAME}:{ports['secure']}"

    def any(self) -> tuple[bool, Call]:
        """Whether it sends a large body, and the call. It ends only if it is cancelled."""
        self.number += 1
        somewhere = self.chance.choice((self.plain, self.by_name, self.secure))
        endless = somewhere + self.chance.choice(("/stream", "/flood"))
        match self.chance.randrange(8):
            case 0:
                return False, lambda: self.ask(self.slowly_resolved() + "/silent")
            case 1:
                return False, lambda: self.ask(f"http://127.0.0.1:{self.ports['full']}/")
            case 2:
                return False, lambda: self.ask(f"https://{SECURE_NAME}:{self.ports['deaf']}/")
            case 3:
                return True, lambda: self.ask(f"http://127.0.0.1:{self.ports['deaf']}/", LARGE_BODY)
            case 4:
                path = self.chance.choice(("/silent", "/head"))
                return False, lambda: self.ask(somewhere + path)
            case 5:
                return False, lambda: self.ask(endless)
            case 6:
                return False, lambda: self.hold(endless)
            case _:
                return False, lambda: self.ask_again_and_again(somewhere)

    def slowly_resolved(self) -> str:
        """A name that some other calls ask for too, and none much later: aiohttp remembers names."""
        generation = self.number // (NAMES_AT_ONCE * 20)
        return f"http://slow-{generation}-{self.chance.randrange(NAMES_AT_ONCE)}.example:{self.ports['plain']}"

    async def send(self, url: str, body: bytes) -> UpstreamResponse:
        """The answer, its body unread. Raises UpstreamError."""
        return await self.transport.handle_async_request(upstream_request(url, NO_HEADERS, [], body, TIMEOUTS))

    async def ask(self, url: str, body: bytes = b"{}") -> bytes:
        """Read the answer to its end. Raises UpstreamError."""
        response = await self.send(url, body)
        return await read_limited(response, 1 << 40)

    async def ask_again_and_again(self, url: str) -> None:
        """On connections that are used again."""
        while True:
            await self.ask(url + "/")

    async def hold(self, url: str) -> None:
        """Read a piece now and then, as for a client that is slow."""
        response = await self.send(url, b"{}")
        try:
            async for _ in response.stream:
                await between_reads(self.chance.uniform(0, LONGEST_PAUSE_SECONDS))
        finally:
            await response.aclose()


async def between_reads(seconds: float) -> None:
    """moments.py knows it by its name."""
    await asyncio.sleep(seconds)
