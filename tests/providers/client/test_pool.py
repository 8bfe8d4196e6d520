"""Connections: used again, given up, and never lost."""

import asyncio
import select
import socket
import time
from collections.abc import Callable
from typing import Self, cast

import pytest

from providers import errors
from providers.client import UpstreamTransport, read_limited, upstream_request
from providers.client.link import Expired
from providers.client.pool import KEEP_ALIVE_SECONDS, Pool
from tests.faulty_upstream import FaultyUpstream
from tests.providers.client.calls import (
    HEADERS,
    PATIENT,
    SHORT_IDLE,
    a_request,
    answered,
    ask,
    cancel_at_random,
    gathered,
    none_open,
)
from tests.waiting import WAIT_SECONDS, comes


async def test_a_connection_is_used_again(upstream: FaultyUpstream, transport: UpstreamTransport) -> None:
    for _ in range(5):
        await ask(transport, a_request(upstream, "gpt-4o"))

    assert {seen.connection for seen in upstream.seen} == {1}


async def test_hundreds_of_calls_run_at_once(upstream: FaultyUpstream, transport: UpstreamTransport) -> None:
    await asyncio.gather(*(ask(transport, a_request(upstream, "meet-300")) for _ in range(300)))

    assert len({seen.connection for seen in upstream.seen}) == 300


async def test_a_stale_connection_costs_the_caller_nothing(
    upstream: FaultyUpstream, transport: UpstreamTransport
) -> None:
    await asyncio.gather(*(ask(transport, a_request(upstream, "stale")) for _ in range(5)))

    await ask(transport, a_request(upstream, "gpt-4o"))

    assert upstream.last.connection == 6
    assert len(upstream.seen) == 6


async def test_an_answer_that_nobody_asked_for_is_given_to_nobody(
    upstream: FaultyUpstream, transport: UpstreamTransport
) -> None:
    async with answered(transport, a_request(upstream, "says-more")) as response:
        await read_limited(response, 1 << 20)
    assert await comes(lambda: not response.stream.link.is_fit), "what nobody asked for is there"

    answer = await ask(transport, a_request(upstream, "gpt-4o"))

    assert b"one two three" in answer
    assert upstream.last.connection == 2


async def test_an_upstream_that_hangs_up_on_a_new_connection_is_not_asked_twice(
    upstream: FaultyUpstream, transport: UpstreamTransport
) -> None:
    with pytest.raises(errors.Disconnected):
        await ask(transport, a_request(upstream, "hang-up"))

    assert len(upstream.seen) == 1


async def test_an_upstream_that_hangs_up_on_a_used_connection_is_asked_once_more(
    upstream: FaultyUpstream, transport: UpstreamTransport
) -> None:
    await asyncio.gather(*(ask(transport, a_request(upstream, "gpt-4o")) for _ in range(5)))
    upstream.forget()

    with pytest.raises(errors.Disconnected):
        await ask(transport, a_request(upstream, "hang-up"))

    assert len(upstream.seen) == 2


async def test_no_cookie_is_kept(upstream: FaultyUpstream, transport: UpstreamTransport) -> None:
    await ask(transport, a_request(upstream, "set-cookie"))
    await ask(transport, a_request(upstream, "gpt-4o"))

    assert upstream.last.header("cookie") is None


async def test_reading_stops_while_nobody_takes_the_answer(
    upstream: FaultyUpstream, transport: UpstreamTransport
) -> None:
    async with answered(transport, a_request(upstream, "huge")) as response:
        chunks, socket_side = aiter(response.stream), response.stream.link.protocol.transport
        assert socket_side is not None
        await anext(chunks)
        assert await comes(lambda: not socket_side.is_reading())

        waiting = await anext(chunks)

    # One read of the socket may overshoot the mark.
    assert 128 * 1024 < len(waiting) <= 512 * 1024


async def test_an_abandoned_answer_closes_the_upstream_at_once(
    upstream: FaultyUpstream, transport: UpstreamTransport
) -> None:
    async with answered(transport, a_request(upstream, "stall-after-3", streams=True)):
        left_at = time.monotonic()

    # Else it would be the garbage collector's, or never.
    assert await asyncio.to_thread(upstream.wait_until_left) - left_at < 1


async def test_reading_on_after_a_timeout_says_so_again(upstream: FaultyUpstream, transport: UpstreamTransport) -> None:
    async with answered(transport, a_request(upstream, "stall-after-3", streams=True, timeouts=SHORT_IDLE)) as response:
        for _ in range(2):
            with pytest.raises(errors.IdleTimeout):
                await gathered(response, [])


class Clock:
    """What a pool wants of an event loop, in a world where time passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0
        self.due: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Self:
        self.due.append((self.now + seconds, callback))
        return self

    def cancel(self) -> None:
        self.due.clear()

    def advance(self, seconds: float) -> None:
        self.now += seconds
        ripe = [callback for at, callback in self.due if at <= self.now]
        self.due = [(at, callback) for at, callback in self.due if at > self.now]
        for callback in ripe:
            callback()


async def test_the_last_used_connection_is_taken_first_and_those_too_many_are_closed(
    upstream: FaultyUpstream, transport: UpstreamTransport
) -> None:
    clock = Clock()
    transport.pool = Pool(cast("asyncio.AbstractEventLoop", clock))
    await asyncio.gather(*(ask(transport, a_request(upstream, "meet-5")) for _ in range(5)))
    upstream.forget()

    for _ in range(8):
        await ask(transport, a_request(upstream, "gpt-4o"))
        clock.advance(KEEP_ALIVE_SECONDS / 2)

    assert len({seen.connection for seen in upstream.seen}) == 1
    assert await comes(lambda: upstream.open_connections == 1)


async def test_a_late_closing_leaves_the_connections_next_answer_alone(
    upstream: FaultyUpstream, transport: UpstreamTransport
) -> None:
    first = await transport.handle_async_request(a_request(upstream, "gpt-4o"))
    await read_limited(first, 1 << 20)
    second = await transport.handle_async_request(a_request(upstream, "chunks-5", streams=True))

    await first.aclose()
    first.stream.give_up()

    chunks: list[bytes] = []
    await gathered(second, chunks)
    assert chunks[-1].endswith(b"data: [DONE]\n\n")
    assert upstream.connections_made == 1


async def test_whoever_still_reads_does_not_end_the_wait_of_the_connections_next_request(
    upstream: FaultyUpstream, transport: UpstreamTransport
) -> None:
    response = await transport.handle_async_request(a_request(upstream, "head-first-0.1"))
    body, link = response.stream, response.stream.link
    # The last byte has come, and the reader has not run yet: another task may be first.
    body.payload.on_eof(lambda: link.deadline.begin(link.loop.time() + 0.05))

    await read_limited(response, 1 << 20)

    assert await comes(lambda: isinstance(link.protocol.exception(), Expired))


async def test_closing_twice_or_after_the_end_does_nothing(
    upstream: FaultyUpstream, transport: UpstreamTransport
) -> None:
    async with answered(transport, a_request(upstream, "gpt-4o")) as response:
        await read_limited(response, 1 << 20)
        await response.aclose()
    await response.stream.aclose()
    await ask(transport, a_request(upstream, "gpt-4o"))

    assert upstream.connections_made == 1


async def test_closing_wakes_a_task_that_still_reads(upstream: FaultyUpstream, transport: UpstreamTransport) -> None:
    response = await transport.handle_async_request(a_request(upstream, "stall-after-3", streams=True))
    reader = asyncio.create_task(gathered(response, []))
    await asyncio.sleep(0.05)

    await response.aclose()

    with pytest.raises(errors.Disconnected):
        await asyncio.wait_for(reader, WAIT_SECONDS)


async def test_a_cancelled_call_takes_back_what_its_upstream_has_not_read(transport: UpstreamTransport) -> None:
    # Larger than the buffers of both sockets: a plain close would leave megabytes in the kernel until they are read.
    body = b" " * (8 << 20)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        call = asyncio.create_task(transport.handle_async_request(upstream_request(url, HEADERS, [], body, PATIENT)))
        connection, _ = await asyncio.get_running_loop().sock_accept(listening)
        assert await comes(lambda: select.select([connection], [], [], 0)[0]), "some of it is on its way"

        call.cancel()
        await asyncio.wait([call])

    connection.settimeout(WAIT_SECONDS)
    with connection, pytest.raises(ConnectionResetError):
        read_to_the_end(connection)


def read_to_the_end(connection: socket.socket) -> None:
    while connection.recv(1 << 20):
        pass


@pytest.mark.parametrize("model", ["silence", "stall-after-3"])
async def test_two_thousand_cancelled_calls_leave_no_connection(
    upstream: FaultyUpstream, transport: UpstreamTransport, model: str
) -> None:
    # By name: the lookup in a thread is one more place to be cancelled at.
    url = f"http://localhost:{upstream.port}/v1/chat/completions"

    await cancel_at_random(2000, lambda: ask(transport, a_request(url, model, streams=True)))

    assert await none_open(upstream)
    # Not `seen`: what a call has sent goes with it, if it was not read before.
    assert upstream.connections_made > 200
    assert b"one two three" in await ask(transport, a_request(url, "gpt-4o"))
