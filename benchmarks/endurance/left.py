"""What cancelled calls have left behind. All of it should be 0."""

from __future__ import annotations

import asyncio
import gc
import os
from dataclasses import asdict, dataclass

from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection

from providers.client import UpstreamTransport
from providers.client.answer import Body


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """By the process, before the calls began."""

    tasks: int
    descriptors: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """Once every call has ended, and every upstream has hung up."""

    connections: int = 0
    slots: int = 0
    """Connections that the connector believes to be in use, being made or waited for."""
    lookups: int = 0
    """Of names, and those who wait for one."""
    tasks: int = 0
    """Above those that ran before."""
    descriptors: int = 0
    """Above those that were open before."""
    objects: int = 0
    """Connections, bodies and protocols that something in memory still holds. Not counted is a protocol whose connection
    is gone: where a TLS handshake was cancelled, uvloop's timer of 60 s keeps it."""
    at_upstreams: int = 0
    """Connections on the upstreams' side."""

    def __bool__(self) -> bool:
        """Whether it is anything."""
        return any(asdict(self).values())

    def __str__(self) -> str:
        return ", ".join(f"{name.replace('_', ' ')} {number}" for name, number in asdict(self).items())


def held() -> Held:
    """What this process holds now."""
    return Held(tasks=len(asyncio.all_tasks()), descriptors=open_descriptors())


def left_of(transport: UpstreamTransport, before: Held, at_upstreams: int) -> Left:
    """What is there now, and was not before."""
    connector = transport.connector
    # What has ended stays in the connector's pool until somebody looks for a connection there.
    connector._cleanup()
    gc.collect()
    now = held()
    return Left(
        connections=transport.in_use + transport.idle,
        slots=len(connector._acquired) + sum(map(len, connector._waiters.values())),
        lookups=len(connector._resolve_host_tasks) + sum(map(len, connector._throttle_dns_futures.values())),
        tasks=now.tasks - before.tasks,
        descriptors=now.descriptors - before.descriptors,
        objects=sum(map(belongs_to_a_call, gc.get_objects())),
        at_upstreams=at_upstreams,
    )


def belongs_to_a_call(one: object) -> bool:
    kind = type(one)  # not `isinstance`: a weak proxy asks what it stands for, which may be gone, for its class
    return issubclass(kind, Connection | Body) or (issubclass(kind, ResponseHandler) and one.is_connected())  # type: ignore[attr-defined]


def open_descriptors() -> int:
    """Of this process."""
    with os.scandir("/proc/self/fd") as listing:
        return sum(1 for _ in listing) - 1  # the listing itself
