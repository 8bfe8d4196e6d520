"""One of the three upstreams: well, until it is told to fall ill."""

from __future__ import annotations

import asyncio
import json
import random
import socket

from aiohttp import web

from benchmarks.brownout.sickness import Sickness
from benchmarks.chaos.witness import Witness, hang_up, whole_answer

LATE_SECONDS = 20.0
CHUNKS_BEFORE_CUT, CHUNK_MS = 3, 20


class Upstream(Witness):
    """At a port of its own, which stays the same."""

    shutdown_seconds = 0.01

    def __init__(self, name: str, rng: random.Random) -> None:
        super().__init__()
        self.name = name
        self.sickness: Sickness | None = None
        self._rng = rng
        self._place: socket.socket | None = None

    @property
    def url(self) -> str:
        return self.url_of(self.name)

    async def fall_ill(self, sickness: Sickness) -> None:
        self.sickness = sickness
        if sickness is Sickness.DEAD:
            await self.close()
            self._place = _occupied(self.port)

    async def recover(self) -> None:
        """Those whom it keeps waiting go on waiting."""
        was_dead, self.sickness = self.sickness is Sickness.DEAD, None
        if was_dead:
            await self.listen()
        if self._place is not None:
            self._place.close()
            self._place = None

    async def do(self, request: web.Request, script: str, number: int, arguments: list[int]) -> web.StreamResponse:
        match self.sickness:
            case Sickness.STALLS:
                await asyncio.Event().wait()  # ends with the connection
            case Sickness.LATE:
                await asyncio.sleep(LATE_SECONDS)
            case Sickness.HALF if self._rng.random() < 0.5:
                return await super().do(request, "status", number, [500])
            case Sickness.CUTS if script == "stream":
                return await super().do(request, "cut", number, [CHUNKS_BEFORE_CUT, CHUNK_MS])
            case Sickness.CUTS:
                return await _half(request, json.dumps(whole_answer(number)).encode())
        return await super().do(request, script, number, arguments)


async def _half(request: web.Request, body: bytes) -> web.StreamResponse:
    """Half of the body that was announced."""
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(body))})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    return await hang_up(request)


def _occupied(port: int) -> socket.socket:
    """Bound and not listening: whoever connects is refused, and nobody else gets the port."""
    place = socket.socket()
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    place.bind(("127.0.0.1", port))
    return place
