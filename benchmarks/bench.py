"""Taking one sample: a load on one contender, and what it cost in CPU, time and memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import accounting, programs, requests
from benchmarks.contenders import Contender
from benchmarks.contenders.base import CHAT_PATH
from benchmarks.figures import (
    CPU_PER_CHUNK,
    CPU_PER_REQUEST,
    DELAY,
    ERRORS,
    KIB_PER_STREAM,
    MAIN_THREAD_PER_CHUNK,
    MAIN_THREAD_PER_REQUEST,
    P99,
    REQUESTS,
    Sample,
)
from benchmarks.measures import KB, Memory, Streams, WholeAnswers
from benchmarks.processes import Server
from benchmarks.programs import Streaming

CONNECTIONS = 32
LONGEST_REST_SECONDS = 20.0
"""How long we wait for a contender to finish what a load left it to do, such as writing history; that is counted too."""
OPENED_PER_SECOND = 500
SPARE_SECONDS = 1.0
LINGER_SECONDS = 6.0
"""How much longer than planned the opening of streams may take before the first of them end by themselves."""
WARMING_STREAMS = 50
MEMORY_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What taking a sample needs."""

    built: Path
    folder: Path
    upstream_port: int
    complaints: list[str] = field(default_factory=list)
    """The first error of each load that had any, in the words of the server or the system."""

    def whole_answers(self, contender: Contender, server: Server, measure: WholeAnswers, seconds: float) -> Sample:
        """As many answers as there is time for."""
        body = requests.whole(request_bytes=measure.request_bytes, answer_bytes=measure.answer_bytes)
        file = self._request_file(server.port, contender.headers, body)
        before = accounting.spent(server.pid)
        load = programs.load_requests(self.built, server.port, file, connections=CONNECTIONS, seconds=seconds)
        accounting.wait_until_quiet(server.pid, LONGEST_REST_SECONDS)
        spent = accounting.spent(server.pid) - before
        answered = max(1, load.requests)
        return {
            CPU_PER_REQUEST: spent.all_ns / 1000 / answered,
            **_of_main_thread(contender, MAIN_THREAD_PER_REQUEST, spent, answered),
            **self._told(load),
        }

    def half_load(self, server: Server | None, headers: Mapping[str, str], per_second: float, seconds: float) -> Sample:
        """Answers at an even rate; without a server, of the upstream itself."""
        port = server.port if server else self.upstream_port
        file = self._request_file(port, headers, requests.whole(request_bytes=KB, answer_bytes=KB))
        load = programs.load_requests(
            self.built, port, file, connections=CONNECTIONS, seconds=seconds, per_second=per_second
        )
        return self._told(load)

    def streams(self, contender: Contender, server: Server, measure: Streams, seconds: float) -> Sample:
        """The cost of chunks alone: the streams are opened before, and closed after."""
        with self._open(contender, server, measure, seconds) as streaming:
            before = accounting.spent(server.pid)
            load = streaming.measured()
            spent = accounting.spent(server.pid) - before
            threads = accounting.held(server.pid).threads
        accounting.wait_until_quiet(server.pid, LONGEST_REST_SECONDS)
        chunks = max(1, load.chunks)
        return {
            CPU_PER_CHUNK: spent.all_ns / 1000 / chunks,
            **_of_main_thread(contender, MAIN_THREAD_PER_CHUNK, spent, chunks),
            "chunks_per_second": load.chunks / load.seconds,
            "threads": threads,
            **self._told_of_streams(load),
        }

    def memory(self, contender: Contender, server: Server, measure: Memory) -> Sample:
        """What streams add to a server that was started for this."""
        # What is made once, on the first requests, is no stream's.
        with self._open(contender, server, Memory(streams=WARMING_STREAMS), SPARE_SECONDS) as warming:
            warming.measured()
        accounting.wait_until_quiet(server.pid, LONGEST_REST_SECONDS)
        before = accounting.held(server.pid)
        with self._open(contender, server, measure, MEMORY_SECONDS) as streaming:
            load = streaming.measured()
            during = accounting.held(server.pid)
        accounting.wait_until_quiet(server.pid, LONGEST_REST_SECONDS)
        return {
            KIB_PER_STREAM: (during.kib - before.kib) / max(1, load.streams),
            "kib_before": before.kib,
            "kib_during": during.kib,
            "threads_before": before.threads,
            "threads": during.threads,
            **self._told_of_streams(load),
            REQUESTS: load.streams + WARMING_STREAMS,
        }

    @contextmanager
    def _open(
        self, contender: Contender, server: Server, measure: Streams | Memory, seconds: float
    ) -> Iterator[Streaming]:
        """All streams are open before the first of them is work; the measurement begins when all are."""
        opening_seconds = measure.streams / OPENED_PER_SECOND
        # Streams that bring a chunk now and then are hardly work.
        after_seconds = SPARE_SECONDS + (opening_seconds if isinstance(measure, Streams) else 0)
        settle_seconds = after_seconds + 1 / measure.chunks_per_second
        body = requests.stream(
            chunks_per_second=measure.chunks_per_second,
            after_seconds=after_seconds,
            lasts_seconds=opening_seconds + settle_seconds + seconds + LINGER_SECONDS,
        )
        file = self._request_file(server.port, contender.headers, body)
        with programs.open_streams(
            self.built,
            server.port,
            file,
            streams=measure.streams,
            opened_per_second=OPENED_PER_SECOND,
            settle_seconds=settle_seconds,
            seconds=seconds,
        ) as streaming:
            yield streaming

    def _request_file(self, port: int, headers: Mapping[str, str], body: bytes) -> Path:
        file = self.folder / "request"
        file.write_bytes(requests.http_request(port, CHAT_PATH, headers, body))
        return file

    def _told(self, load: programs.Requests) -> Sample:
        if load.errors:
            self.complaints.append(load.first_error)
        return {
            "requests_per_second": load.requests / load.seconds,
            "p50_ms": load.p50_us / 1000,
            "p90_ms": load.p90_us / 1000,
            P99: load.p99_us / 1000,
            "max_ms": load.max_us / 1000,
            REQUESTS: load.requests,
            ERRORS: load.errors,
        }

    def _told_of_streams(self, load: programs.Chunks) -> Sample:
        if load.errors:
            self.complaints.append(load.first_error)
        return {
            "first_byte_p50_ms": load.first_byte_p50_us / 1000,
            "first_byte_p99_ms": load.first_byte_p99_us / 1000,
            DELAY: load.delay_p50_us / 1000,
            "delay_p99_ms": load.delay_p99_us / 1000,
            "gap_p50_ms": load.gap_p50_us / 1000,
            "gap_p99_ms": load.gap_p99_us / 1000,
            REQUESTS: load.streams,
            ERRORS: load.errors,
        }


def _of_main_thread(contender: Contender, metric: str, spent: accounting.Spent, number: int) -> Sample:
    """Of a Python server the event loop's share: what is left is history's and other threads'."""
    return {metric: spent.main_thread_ns / 1000 / number} if contender.serves_in_main_thread else {}
