"""When a late event loop is late for too long. The first half is told its times, the second has a real loop."""

import asyncio
import time
from collections.abc import Callable

import pytest

from gateway.loop_lag import CALM_SECONDS, EVERY_SECONDS, LASTING_SECONDS, LoopLag

LIMIT = 0.25
LATE, IN_TIME = 0.3, 0.2


@pytest.fixture
def lag() -> LoopLag:
    watched = LoopLag()
    watched.begin(LIMIT)
    return watched


def looks(lag: LoopLag, seconds: float, lag_seconds: float, *, after: float = 0.0) -> float:
    """Look as often as it would, for so long. Returns when that was over."""
    step, now = EVERY_SECONDS + lag_seconds, after
    while now + step <= after + seconds:
        now += step
        lag.note(now, lag_seconds)
    return now


def test_who_is_late_at_every_look_for_two_seconds_has_enough_to_do(lag: LoopLag) -> None:
    now = looks(lag, LASTING_SECONDS, LATE)
    before = lag.is_lasting

    looks(lag, 3 * (EVERY_SECONDS + LATE), LATE, after=now)

    assert (before, lag.is_lasting) == (False, True)


def test_one_long_pause_is_no_overload(lag: LoopLag) -> None:
    lag.note(10.0, 9.75)
    lag.note(10.0 + EVERY_SECONDS, 0.0)

    assert not lag.is_lasting
    assert lag.worst_seconds == 9.75


def test_a_pause_and_what_had_to_wait_for_it_are_none_either(lag: LoopLag) -> None:
    lag.note(10.0, 9.75)
    lag.note(10.0 + LASTING_SECONDS - 0.1, LASTING_SECONDS - 0.1 - EVERY_SECONDS)

    assert not lag.is_lasting


def test_who_keeps_up_now_and_then_is_only_slow(lag: LoopLag) -> None:
    now = 0.0
    for _ in range(10):
        now = looks(lag, LASTING_SECONDS / 2, LATE, after=now)
        now = looks(lag, EVERY_SECONDS + IN_TIME, IN_TIME, after=now)

    assert not lag.is_lasting


def test_it_recovers_by_keeping_up_for_a_second(lag: LoopLag) -> None:
    now = looks(lag, 3 * LASTING_SECONDS, LATE)

    lag.note(now + EVERY_SECONDS, 0.0)
    at_first = lag.is_lasting
    looks(lag, CALM_SECONDS + EVERY_SECONDS, 0.0, after=now)

    assert (at_first, lag.is_lasting) == (True, False)


def test_without_a_limit_it_is_never_late() -> None:
    lag = LoopLag()

    looks(lag, 10 * LASTING_SECONDS, 5.0)

    assert not lag.is_lasting


# A real loop


async def while_it_does(lag: LoopLag, work: Callable[[], None], seconds: float) -> None:
    """Measure, while `work` holds the loop up, over and over."""
    measuring = asyncio.create_task(lag.measure())
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        work()
        await asyncio.sleep(0)
    measuring.cancel()


async def test_turns_that_are_each_too_long_are_seen_whenever_the_timer_falls(lag: LoopLag) -> None:
    # Turns of 270 ms: a timer of 250 ms that begins with a turn would wake only 20 ms late, at its end.
    await while_it_does(lag, lambda: time.sleep(0.27), LASTING_SECONDS + 1.5)

    assert lag.is_lasting


async def test_turns_that_are_short_enough_are_not_late(lag: LoopLag) -> None:
    await while_it_does(lag, lambda: time.sleep(0.02), LASTING_SECONDS + 0.5)

    assert not lag.is_lasting
