"""Whoever waits for an upstream that is found to stall is answered by another one."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from gateway import runtime
from gateway.in_flight import IN_FLIGHT
from routing.health.lateness import LEAST_LATE_SECONDS
from tests.gateways import RunningGateway, eventually
from tests.journeys.failing import GOOD
from tests.routing.health.scenes import PLENTY

UPSTREAM_STALLS = 3
"""So many that are late at the same time prove it."""

pytestmark = pytest.mark.django_db(transaction=True)


def usually_quick(key: str) -> None:
    """Let this upstream have answered often, and soon."""

    async def remember() -> None:
        health, now = runtime.current().health.of(key), runtime.Runtime.clock()
        for streams in (True, False):
            for _ in range(PLENTY):
                ticket = health.begin(now, streams=streams)
                ticket.first_byte(now + 0.05)
                ticket.end(now + 0.05)

    asyncio.run_coroutine_threadsafe(remember(), runtime.current().loop).result(60)


def a_body_of(name: str) -> dict[str, object]:
    return {"model": name, "messages": [{"role": "user", "content": "Hello!"}]}


def asked_together(gateway: RunningGateway, name: str, number: int, *, patience_seconds: float) -> list[int]:
    """Statuses; 0 of those that were not answered in time."""

    def ask(_: int) -> int:
        try:
            return gateway.post("/v1/chat/completions", json=a_body_of(name), timeout=patience_seconds).status_code
        except httpx.TimeoutException:
            return 0

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(ask, range(number)))


def test_whole_answers_that_wait_where_nobody_answers_are_asked_for_elsewhere(gateway: RunningGateway) -> None:
    silent, good = gateway.model("sick", "silence"), gateway.model("well", GOOD)
    gateway.alias("two", silent, good, selector="in_order")
    usually_quick("sick/silence")

    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(asked_together, gateway, "two", UPSTREAM_STALLS, patience_seconds=55)
        time.sleep(LEAST_LATE_SECONDS + 0.5)
        next_one = gateway.ask("two")
        statuses = first.result()

    assert statuses == [200] * UPSTREAM_STALLS
    assert next_one.status_code == 200
    assert time.monotonic() - began < 10, "a first byte is waited for a minute"
    eventually(lambda: len(IN_FLIGHT) == 0)


def test_where_nobody_else_is_they_go_on_waiting(gateway: RunningGateway) -> None:
    gateway.alias("one", gateway.model("sick", "silence"))
    usually_quick("sick/silence")

    statuses = asked_together(gateway, "one", UPSTREAM_STALLS + 1, patience_seconds=LEAST_LATE_SECONDS + 1.5)

    assert statuses == [0] * (UPSTREAM_STALLS + 1)
