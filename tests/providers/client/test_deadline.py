"""A deadline that moves, on a timer that does not."""

import asyncio
from typing import Any

import pytest

from providers.client.deadline import NEVER, Deadline
from tests.waiting import comes


class Waiting:
    """A deadline, the times at which it expired, and how often it set a timer."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.deadline = Deadline(self.loop, lambda: self.expired.append(self.loop.time()))
        self.expired: list[float] = []

    def begin(self, seconds: float) -> None:
        self.deadline.begin(self.loop.time() + seconds)


async def test_a_wait_that_lasts_too_long_expires_once_and_in_time() -> None:
    waiting = Waiting()
    began = waiting.loop.time()

    waiting.begin(0.1)
    assert await comes(lambda: waiting.expired)
    await asyncio.sleep(0.2)

    assert len(waiting.expired) == 1
    assert 0.09 <= waiting.expired[0] - began < 0.2


async def test_a_wait_that_ended_does_not_expire() -> None:
    waiting = Waiting()

    waiting.begin(0.05)
    waiting.deadline.due_at = NEVER
    await asyncio.sleep(0.15)

    assert waiting.expired == []


async def test_a_wait_expires_by_its_own_deadline_and_not_by_the_last_ones() -> None:
    waiting = Waiting()
    waiting.begin(0.05)
    waiting.deadline.due_at = NEVER
    began = waiting.loop.time()

    waiting.begin(0.2)

    assert await comes(lambda: waiting.expired)
    assert len(waiting.expired) == 1
    assert 0.19 <= waiting.expired[0] - began < 0.35


async def test_a_shorter_wait_after_a_longer_one_expires_in_its_time() -> None:
    waiting = Waiting()
    began = waiting.loop.time()
    waiting.begin(60)
    waiting.deadline.due_at = NEVER

    waiting.begin(0.05)

    # The longer one would be a minute's.
    assert await comes(lambda: waiting.expired)
    assert waiting.expired[0] - began < 45
    assert len(waiting.expired) == 1


async def test_a_deadline_that_has_passed_expires_at_once() -> None:
    waiting = Waiting()

    waiting.begin(-1)

    assert await comes(lambda: waiting.expired)
    assert len(waiting.expired) == 1


async def test_nothing_expires_after_cancel() -> None:
    waiting = Waiting()

    waiting.begin(0.05)
    waiting.deadline.cancel()
    await asyncio.sleep(0.15)

    assert waiting.expired == []


async def test_a_thousand_waits_share_one_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = Waiting()
    set_to: list[float] = []
    call_at = waiting.loop.call_at

    def counted(when: float, *rest: Any, **options: Any) -> asyncio.TimerHandle:  # Any: as call_at takes them
        set_to.append(when)
        return call_at(when, *rest, **options)

    monkeypatch.setattr(waiting.loop, "call_at", counted)

    for _ in range(1000):
        waiting.begin(60)
        waiting.deadline.due_at = NEVER

    assert len(set_to) == 1
    waiting.deadline.cancel()
