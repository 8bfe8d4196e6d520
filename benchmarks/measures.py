"""What is measured: for each measure the load, and who bears it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.contenders import RIVALS

KB = 1024
BARE = ("nginx", "raw", "plexus")
EVERYBODY = (*BARE, *RIVALS)


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeAnswers:
    """As many whole answers as there is time for, over 32 kept connections."""

    name: str
    title: str
    request_bytes: int
    answer_bytes: int
    contenders: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfLoad:
    """1 KB answers at half the rate that Plexus can serve, evenly; `direct` is the upstream without anybody between."""

    name: str = "half_load"
    title: str = "Latency at half of what Plexus can serve, 1 KB bodies"
    contenders: Sequence[str] = ("direct", "raw", "plexus")


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """Streams that are all open, each bringing chunks at an even rate."""

    name: str
    title: str
    streams: int
    chunks_per_second: float
    contenders: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What open streams add to a process that was started anew and has warmed up."""

    streams: int
    name: str = "memory"
    contenders: Sequence[str] = BARE
    chunks_per_second: float = 1

    @property
    def title(self) -> str:
        return f"Memory, {self.streams:,} open streams"


Measure = WholeAnswers | HalfLoad | Streams | Memory

REQUESTS_1KB = WholeAnswers(
    name="requests_1kb",
    title="1 KB bodies, 32 connections",
    request_bytes=KB,
    answer_bytes=KB,
    contenders=EVERYBODY,
)
REQUESTS_100KB = WholeAnswers(
    name="requests_100kb",
    title="100 KB requests and 100 KB answers, 32 connections",
    request_bytes=100 * KB,
    answer_bytes=100 * KB,
    contenders=BARE,
)
REQUESTS_100KB_PROMPT = WholeAnswers(
    name="requests_100kb_prompt",
    title="100 KB requests and 1 KB answers, 32 connections",
    request_bytes=100 * KB,
    answer_bytes=KB,
    contenders=("raw", "plexus"),
)
STREAMS_MANY = Streams(
    name="streams_many",
    title="1,000 streams at 50 chunks/s",
    streams=1000,
    chunks_per_second=50,
    contenders=BARE,
)
STREAMS_FEW = Streams(
    name="streams_few",
    title="15 streams at 50 chunks/s",
    streams=15,
    chunks_per_second=50,
    contenders=("raw", "plexus", *RIVALS),
)
