"""Upstream calls, cancelled at random moments; what is left of them must be nothing.

Calls go to upstreams that hold them somewhere (hanging.py), many at once on one transport. Half are cancelled after some
turns of the event loop, which meets every step between two awaits; half after some time. Every fifth is cancelled twice,
as a request is whose client leaves while the process drains. All chance comes from one seed; the order in which
processes get the machine does not.
"""

from __future__ import annotations

import asyncio
import random
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field

from benchmarks.endurance.calls import Calls, SlowNames
from benchmarks.endurance.hanging import HangingUpstreams
from benchmarks.endurance.left import Held, Left, held, left_of
from benchmarks.endurance.moments import Moment, moment_of
from providers.addresses import AllowedNetworks
from providers.client import UpstreamTransport
from providers.errors import UpstreamError

AT_ONCE = 200
LONGEST_TURNS = 40
LONGEST_SECONDS = 0.05
SHARE_CANCELLED_TWICE = 0.2
PATIENCE_SECONDS = 20.0
"""How long a cancelled call may take to end, and what it leaves to disappear."""
LEAST_SHARE = 0.005
"""Of all cancels: a moment that was met less often has not been tried."""
MOST_COMPLAINTS = 20
LATE_HANDSHAKE = "Fatal error on SSL protocol"


@dataclass(kw_only=True, slots=True)
class Outcome:
    """What a run came to."""

    seed: int
    cancelled: Counter[Moment] = field(default_factory=Counter)
    seconds: float = 0.0
    left: Left = field(default_factory=Left)
    next_request_works: bool = False
    late_handshakes: int = 0
    """TLS handshakes that were done in the very turn in which they were cancelled. uvloop then writes to the connection that
    it has just closed, and says so to the loop, which logs it. Nothing is left of them."""
    complaints: list[str] = field(default_factory=list)
    """What went wrong on the way, in a sentence each."""

    @property
    def objections(self) -> list[str]:
        """Why the transport has not passed."""
        remains = [f"Something is left: {self.left}."] if self.left else []
        least = self.cancelled.total() * LEAST_SHARE
        untried = [f"Hardly a call was cancelled {moment}." for moment in Moment if self.cancelled[moment] < least]
        broken = [] if self.next_request_works else ["The next request failed."]
        return remains + untried + broken + self.complaints

    def document(self) -> dict[str, object]:
        """All of it, for JSON."""
        cancelled = {moment.value: self.cancelled[moment] for moment in Moment}
        return {**asdict(self), "cancelled": cancelled, "objections": self.objections}

    def lines(self) -> Iterator[str]:
        """All of it, for people."""
        for moment in Moment:
            yield f"{self.cancelled[moment]:>9,}  {moment}"
        yield f"{self.cancelled.total():>9,}  cancelled in {self.seconds:.0f} s, seed {self.seed}"
        yield f"Left: {self.left}."
        yield f"The next request is {'answered' if self.next_request_works else 'not answered'}."
        if self.late_handshakes:
            yield f"uvloop complained of {self.late_handshakes} handshakes that ended as they were cancelled."


def run(cancels: int, seed: int, loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None) -> Outcome:
    """Cancel so many calls, on a loop of its own."""
    with HangingUpstreams() as upstreams, asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(Cancelling(upstreams, seed).run(cancels))


class Cancelling:
    """One run."""

    patience_seconds = PATIENCE_SECONDS

    def __init__(self, upstreams: HangingUpstreams, seed: int) -> None:
        self.upstreams = upstreams
        self.chance = random.Random(seed)
        self.outcome = Outcome(seed=seed)

    async def run(self, cancels: int) -> Outcome:
        """Cancel so many calls, and look at what is left."""
        self.listen_to_the_loop()
        await self.call_once_before()
        before = held()
        calls = self.calls()
        began = time.monotonic()
        while (missing := cancels - self.outcome.cancelled.total()) > 0 and not self.is_hopeless:
            await asyncio.gather(*(self.cancelled_call(calls) for _ in range(min(AT_ONCE, missing))))
        self.outcome.seconds = time.monotonic() - began
        self.outcome.left = await self.left(calls.transport, before)
        self.outcome.next_request_works = await self.answers(calls)
        await calls.transport.aclose()
        return self.outcome

    @property
    def is_hopeless(self) -> bool:
        return len(self.outcome.complaints) >= MOST_COMPLAINTS

    def calls(self) -> Calls:
        """On a transport of their own."""
        transport = UpstreamTransport(
            allowed=AllowedNetworks.parse("127.0.0.0/8"),
            ssl_context=ssl.create_default_context(cafile=self.upstreams.certificate),
            resolver=SlowNames(self.chance),
        )
        return Calls(transport, self.upstreams.ports, self.chance)

    def listen_to_the_loop(self) -> None:
        """It is told what nobody waits for any more: exceptions never looked at, connections never closed."""

        def note(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
            if context.get("message") == LATE_HANDSHAKE:
                self.outcome.late_handshakes += 1
            else:
                self.outcome.complaints.append(f"{context.get('message')}: {context.get('exception')!r}")

        asyncio.get_running_loop().set_exception_handler(note)

    async def call_once_before(self) -> None:
        """Whatever is made once, such as the threads that look names up, is no cancelled call's."""
        calls = self.calls()
        await asyncio.gather(*(calls.ask(url + "/") for url in [calls.by_name, calls.secure] * 8))
        await calls.transport.aclose()

    async def answers(self, calls: Calls) -> bool:
        """Whether requests on the same transport are answered as if nothing had been, plain and over TLS."""
        try:
            return [await calls.ask(url + "/") for url in (calls.by_name, calls.secure)] == [b"{}", b"{}"]
        except UpstreamError as exc:
            self.outcome.complaints.append(f"The next request: {exc}")
            return False

    # One call

    async def cancelled_call(self, calls: Calls) -> None:
        """Begin a call, cancel it at some moment, and see it end."""
        sends_much, call = calls.any()
        task: asyncio.Task[object] = asyncio.ensure_future(call())
        await self.some_time()
        moment = moment_of(task)
        if moment is None:
            self.outcome.complaints.append(f"A call ended by itself: {outcome_of(task)}.")
            return
        if sends_much and moment is Moment.WAITING:
            moment = Moment.SENDING
        self.outcome.cancelled[moment] += 1
        task.cancel()
        if self.chance.random() < SHARE_CANCELLED_TWICE:
            await self.some_turns(3)
            task.cancel()
        _, still_running = await asyncio.wait([task], timeout=self.patience_seconds)
        if still_running or not task.cancelled():
            self.outcome.complaints.append(f"A call that was cancelled {moment} came to this: {outcome_of(task)}.")

    async def some_time(self) -> None:
        if self.chance.random() < 0.5:
            await self.some_turns(LONGEST_TURNS)
        else:
            await asyncio.sleep(self.chance.uniform(0, LONGEST_SECONDS))

    async def some_turns(self, most: int) -> None:
        for _ in range(self.chance.randint(0, most)):
            await asyncio.sleep(0)

    # Afterwards

    async def left(self, transport: UpstreamTransport, before: Held) -> Left:
        """Connections that were kept for the next call end with the upstreams'. Then nothing may remain."""
        self.upstreams.hang_up()
        until = time.monotonic() + self.patience_seconds
        while left := left_of(transport, before, self.upstreams.open_connections()):
            if time.monotonic() > until:
                break
            await asyncio.sleep(0.2)
        return left


def outcome_of(task: asyncio.Task[object]) -> str:
    """In words, for a complaint."""
    if not task.done():
        return "it goes on"
    if task.cancelled():
        return "it was cancelled"
    return repr(task.exception() or task.result())[:200]
