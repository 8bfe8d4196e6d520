import asyncio

from gateway.newcomers import LOOK_SECONDS, Newcomers
from tests.waiting import comes


class Somebody:
    """Counts how often it is looked after."""

    def __init__(self) -> None:
        self.times = 0

    def look_after(self) -> None:
        self.times += 1


async def test_who_stays_is_looked_after_once() -> None:
    newcomers, somebody = Newcomers(asyncio.get_running_loop()), Somebody()

    newcomers.add(somebody)

    assert await comes(lambda: somebody.times == 1)
    await asyncio.sleep(3 * LOOK_SECONDS)
    assert somebody.times == 1


async def test_who_has_gone_again_is_not_looked_after() -> None:
    newcomers, somebody = Newcomers(asyncio.get_running_loop()), Somebody()

    newcomers.add(somebody)
    newcomers.discard(somebody)
    await asyncio.sleep(3 * LOOK_SECONDS)

    assert somebody.times == 0


async def test_who_comes_after_a_look_is_looked_after_at_the_next_one() -> None:
    newcomers, first, second = Newcomers(asyncio.get_running_loop()), Somebody(), Somebody()

    newcomers.add(first)
    assert await comes(lambda: first.times == 1)
    newcomers.add(second)
    assert await comes(lambda: second.times == 1)

    assert first.times == 1


async def test_who_comes_just_before_a_look_is_left_alone_by_it() -> None:
    newcomers, first, late = Newcomers(asyncio.get_running_loop()), Somebody(), Somebody()

    newcomers.add(first)
    newcomers._look()
    newcomers.add(late)
    newcomers._look()
    at_that_look = late.times
    newcomers.discard(late)
    await asyncio.sleep(3 * LOOK_SECONDS)

    assert (first.times, at_that_look, late.times) == (1, 0, 0)


async def test_nobody_is_looked_after_once_the_loop_ends() -> None:
    newcomers, somebody = Newcomers(asyncio.get_running_loop()), Somebody()

    newcomers.add(somebody)
    newcomers.close()
    await asyncio.sleep(3 * LOOK_SECONDS)

    assert somebody.times == 0
