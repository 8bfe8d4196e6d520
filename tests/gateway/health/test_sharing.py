"""What processes make of each other's letters, over real files and with the clock moved by hand."""

import asyncio
import random
import sys
from collections.abc import Coroutine, Mapping
from pathlib import Path

import pytest

from gateway.draft import Moment
from gateway.health import sharing
from gateway.health.letters import Shown, Word
from gateway.health.sharing import AT_A_TIME, MOST_SHOWN, SILENCE_SECONDS, Sharing, most_notable
from gateway.health.store.in_folder import FolderPost
from routing.health import HealthBook
from routing.selection import least_connections
from routing.selection.base import Draw, Vitals
from tests.routing.health.scenes import START, a_book, ask, broken
from tests.routing.selection.chance import choices

KEY, OTHER = "openai/gpt-4o", "groq/llama"
SECRET = "a secret that all processes have"


class Process:
    """A book and what shares it."""

    def __init__(self, name: str, folder: Path) -> None:
        self.at = START
        self.book = a_book()
        self.post = DeafPost(folder, key=SECRET)
        self.sharing = Sharing(self.book, self.post, name, lambda: Moment(epoch=self.at, monotonic=self.at))

    def is_well(self) -> bool:
        return self.book.of(KEY).standing(self.at).ok


class DeafPost(FolderPost):
    """Files that may stop to answer, as a Redis does, or meet a mistake of ours."""

    answers = True
    mistakes = 0

    def words(self, *, but_of: str) -> Mapping[str, Word] | None:
        if self.mistakes:
            self.mistakes -= 1
            raise RuntimeError("a mistake of ours")
        return super().words(but_of=but_of) if self.answers else None


def two(folder: Path) -> tuple[Process, Process]:
    return Process("one", folder), Process("two", folder)


async def test_what_breaks_in_one_process_is_left_alone_by_the_other(tmp_path: Path) -> None:
    one, two_ = two(tmp_path)
    broken(one.book.of(KEY))

    await one.sharing.exchange()
    await two_.sharing.exchange()

    assert not two_.is_well()


async def test_what_is_cleared_in_one_process_is_cleared_in_the_other(tmp_path: Path) -> None:
    one, two_ = two(tmp_path)
    broken(one.book.of(KEY))
    await one.sharing.exchange()
    await two_.sharing.exchange()

    await two_.sharing.clear([KEY])
    await two_.sharing.exchange()
    await one.sharing.exchange()

    assert one.is_well()
    assert two_.is_well()


async def test_the_next_look_does_not_bring_back_what_was_cleared(tmp_path: Path) -> None:
    one, two_ = two(tmp_path)
    broken(one.book.of(KEY))
    await one.sharing.exchange()
    await two_.sharing.exchange()
    await two_.sharing.clear([KEY])

    for process in (two_, one, two_, one):
        await process.sharing.exchange()

    assert one.is_well()
    assert two_.is_well()


async def test_least_connections_counts_the_requests_of_all_processes(tmp_path: Path) -> None:
    one, two_ = two(tmp_path)
    for _ in range(3):
        one.book.of(KEY).begin(START)
    two_.book.of(OTHER).begin(START)
    await one.sharing.exchange()
    await two_.sharing.exchange()

    busy, idle = choices(1, 1)
    healths = {busy.id: two_.book.of(KEY), idle.id: two_.book.of(OTHER)}
    vitals = {id: Vitals(in_flight=each.in_flight + each.in_flight_elsewhere) for id, each in healths.items()}
    order = least_connections.order([busy, idle], vitals, Draw(rng=random.Random(1)))

    assert order == [idle, busy]


async def test_while_nobody_answers_counts_are_believed_for_five_seconds(tmp_path: Path) -> None:
    one, two_ = two(tmp_path)
    one.book.of(KEY).begin(START)
    await one.sharing.exchange()
    await two_.sharing.exchange()
    two_.post.answers = False

    two_.at += SILENCE_SECONDS - 0.1
    await two_.sharing.exchange()
    counted = two_.book.of(KEY).in_flight_elsewhere
    two_.at += 0.2
    await two_.sharing.exchange()

    assert (counted, two_.book.of(KEY).in_flight_elsewhere) == (1, 0)


async def test_whoever_ends_is_counted_no_more(tmp_path: Path) -> None:
    one, two_ = two(tmp_path)
    one.book.of(KEY).begin(START)
    await one.sharing.exchange()
    await one.sharing.end()

    await two_.sharing.exchange()

    assert two_.book.of(KEY).in_flight_elsewhere == 0


async def test_pages_get_what_was_asked_lately_and_what_is_not_well(tmp_path: Path) -> None:
    one, _ = two(tmp_path)
    ask(one.book.of(OTHER), START)
    broken(one.book.of(KEY))
    one.book.of("never/asked")

    await one.sharing.exchange()

    assert sorted(shown.told.key for shown in one.sharing.sheet.upstreams) == [OTHER, KEY]


def turns_of(work: Coroutine[object, object, object]) -> int:
    """How often it lets others have their turn."""
    turns = 0
    try:
        while True:
            work.send(None)
            turns += 1
    except StopIteration:
        return turns


def test_many_upstreams_are_looked_at_a_few_hundred_at_a_time(tmp_path: Path) -> None:
    one, _ = two(tmp_path)
    for number in range(10 * AT_A_TIME):
        ask(one.book.of(f"p/{number}"), START)

    assert turns_of(one.sharing._word()) >= 10
    assert turns_of(one.sharing._look()) >= 10


async def test_upstreams_that_nobody_asks_cost_next_to_nothing(tmp_path: Path) -> None:
    one, _ = two(tmp_path)
    for number in range(10_000):
        one.book.of(f"p/{number}")

    calls = await calls_of(one.sharing.exchange())

    assert calls < 5 * 10_000


async def calls_of(work: Coroutine[object, object, object]) -> int:
    """Python functions called by it in this thread."""
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        await work
    finally:
        sys.setprofile(None)
    return calls


async def test_those_elsewhere_are_counted_no_more_once_nobody_tells_of_them(tmp_path: Path) -> None:
    one, two_ = two(tmp_path)
    ticket = one.book.of(KEY).begin(START)
    await one.sharing.exchange()
    await two_.sharing.exchange()
    ticket.leave()

    await one.sharing.exchange()
    await two_.sharing.exchange()

    assert two_.book.of(KEY).in_flight_elsewhere == 0


def test_of_too_many_upstreams_those_that_matter_are_shown() -> None:
    book = HealthBook(random.Random(1))
    for number in range(MOST_SHOWN):
        book.of(f"p/{number}")
    broken(book.of(KEY))

    kept = most_notable([Shown(told=health.as_told(START)) for health in book])

    assert len(kept) == MOST_SHOWN
    assert kept[0].told.key == KEY


async def test_a_mistake_in_one_look_does_not_end_the_sharing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sharing, "TELL_EVERY_SECONDS", 0.01)
    one, two_ = two(tmp_path)
    one.post.mistakes = 1
    broken(one.book.of(KEY))

    running = asyncio.create_task(one.sharing.run())
    async with asyncio.timeout(60):
        while two_.is_well():
            await asyncio.sleep(0.02)
            await two_.sharing.exchange()
    running.cancel()

    assert caplog.messages == ["Health is not shared for a moment"]
