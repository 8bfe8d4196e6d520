"""A process that cannot keep up refuses what is new, and only that; then it takes it again."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pytest_django import Settings

from gateway import runtime
from gateway.in_flight import IN_FLIGHT
from gateway.loop_lag import LASTING_SECONDS
from tests.gateways import RunningGateway, eventually

TURN_SECONDS = 0.3
QUICK_SECONDS = 0.02


@pytest.fixture
def fast(gateway: RunningGateway) -> RunningGateway:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))
    return gateway


@contextmanager
def held_up() -> Iterator[None]:
    """Every turn of the gateway's loop takes too long."""
    goes_on = True

    async def hold_up() -> None:
        while goes_on:
            time.sleep(TURN_SECONDS)  # noqa: ASYNC251  on purpose
            await asyncio.sleep(0)

    stalling = asyncio.run_coroutine_threadsafe(hold_up(), runtime.current().loop)
    try:
        yield
    finally:
        goes_on = False
        stalling.result(5)


def shed(gateway: RunningGateway) -> float:
    lines = gateway.get("/metrics", key="").text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("plexus_shed_requests_total "))


def test_a_loop_that_stays_late_sheds_new_requests_at_once_until_it_keeps_up(fast: RunningGateway) -> None:
    before = shed(fast)
    with held_up():
        eventually(lambda: IN_FLIGHT.lag.is_lasting)

    refused = [fast.ask("fast") for _ in range(3)]
    listed = fast.get("/v1/models")
    neighbours = [fast.get(path, key="").status_code for path in ("/livez", "/readyz", "/metrics")]
    counted = shed(fast) - before

    assert [reply.status_code for reply in refused] == [503] * 3
    assert {reply.json()["error"]["code"] for reply in refused} == {"overloaded"}
    assert {reply.headers["retry-after"] for reply in refused} <= {"1", "2", "3"}
    assert min(reply.elapsed.total_seconds() for reply in refused) < QUICK_SECONDS
    assert listed.status_code == 503
    assert neighbours == [200] * 3
    assert counted == 4
    assert fast.row(refused[0]).error_code == "overloaded"
    eventually(lambda: not IN_FLIGHT.lag.is_lasting, 5)
    assert fast.ask("fast").status_code == 200


def test_health_is_told_while_the_loop_is_late(fast: RunningGateway) -> None:
    with held_up():
        eventually(lambda: IN_FLIGHT.lag.is_lasting)
        statuses = [fast.get(path, key="").status_code for path in ("/livez", "/readyz")]

    assert statuses == [200, 200]


def test_one_long_pause_sheds_nobody(fast: RunningGateway) -> None:
    async def pause() -> None:
        time.sleep(LASTING_SECONDS + 0.5)  # noqa: ASYNC251  on purpose

    asyncio.run_coroutine_threadsafe(pause(), runtime.current().loop)

    assert [fast.ask("fast").status_code for _ in range(3)] == [200] * 3


@pytest.fixture
def patient(settings: Settings) -> None:
    """Asked for before the gateway, which reads it at its start."""
    settings.PLEXUS_SHED_LAG_MS = 0


def test_with_0_it_never_sheds(patient: None, fast: RunningGateway) -> None:
    with held_up():
        time.sleep(LASTING_SECONDS + 1.0)
        status = fast.ask("fast").status_code

    assert status == 200
