"""Clients that hang up at random moments on a real `manage.py serve`, its history on; what it holds, and what remains.

Of the requests one part are streams, the rest whole answers. requestload.c says how clients leave: in the middle of the
request, before the answer, within it; politely or with a reset.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import programs, requests
from benchmarks.contenders import Workplace, plexus
from benchmarks.contenders.base import CHAT_PATH
from benchmarks.endurance.growth import Limits, objections, slope_kib
from benchmarks.endurance.watching import LOOK_EVERY_SECONDS, Sample, Watch
from benchmarks.installation import Installed
from benchmarks.processes import Server, free_port, raise_descriptor_limit, serving
from benchmarks.programs import Leaving, Requests
from history.records import Outcome as Ending

CONNECTIONS = 64
STREAM_PERCENT = 30.0
STREAM_CHUNKS_PER_SECOND = 500.0
STREAM_SECONDS = 0.02
SMALLEST_WARM_UP = 1000
WARM_UP_SHARE = 0.05
SAMPLES = 20
LEAST_PER_SECOND = 20.0
"""A load slower than this is broken off."""
REST_SECONDS = 120.0
"""How long the gateway may take to write its history and close what it kept, once the load is over."""
LONG_REQUESTS = 50_000
"""From so many requests on, a slope says something."""
LONG = Limits(growth_kib=16 * 1024, slope_kib=16.0)
SHORT = Limits(growth_kib=16 * 1024, slope_kib=None)
EXPECTED_ENDINGS = {Ending.OK.value, Ending.CANCELLED.value}


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What a run came to."""

    seed: int
    limits: Limits
    baseline: Sample
    end: Sample
    samples: list[Sample]
    load: Requests
    endings: Mapping[str, int] = field(default_factory=dict)
    """How the history says that requests ended, those before the baseline among them."""
    lost: int = 0
    """Answers that the history lacks."""

    @property
    def objections(self) -> list[str]:
        """Why the gateway has not passed."""
        found = list(objections(self.baseline, self.samples, self.end, self.limits))
        if self.load.errors:
            found.append(f"{self.load.errors} requests failed: {self.load.first_error}")
        if self.lost:
            found.append(f"The history lacks {self.lost} requests.")
        if others := self.endings.keys() - EXPECTED_ENDINGS:
            found.append(f"The history has requests that are {', '.join(sorted(others))}.")
        return found

    def document(self) -> dict[str, object]:
        """All of it, for JSON."""
        return {**asdict(self), "slope_kib_per_1000": slope_kib(self.samples), "objections": self.objections}

    def lines(self) -> Iterator[str]:
        """All of it, for people."""
        names = [name for name in Sample.names() if name != "at_seconds"]
        yield "  ".join(f"{name.replace('_', ' '):>11}" for name in names)
        for sample in [self.baseline, *self.samples, self.end]:
            yield "  ".join(f"{getattr(sample, name):>11,}" for name in names)
        load = self.load
        asked = load.requests + load.left + load.errors
        yield (
            f"{asked:,} requests in {load.seconds:.0f} s: {load.requests:,} answered, {load.left:,} left by their client "
            f"({load.left / max(1, asked):.1%}), {load.errors:,} failed. Seed {self.seed}."
        )
        yield "History: " + ", ".join(f"{number:,} {name}" for name, number in sorted(self.endings.items())) + "."
        yield (
            f"Memory: {self.end.pss_kib - self.baseline.pss_kib:+,} KiB since the baseline "
            f"(limit {self.limits.growth_kib:,}); slope of the second half {slope_kib(self.samples):+.1f} KiB per 1,000 "
            f"requests ({'no limit in a short run' if self.limits.slope_kib is None else f'limit {self.limits.slope_kib:g}'})."
        )


def run(asked: int, leave_percent: float, seed: int, say: Callable[[str], None]) -> Outcome:
    """So many requests. Raises CannotMeasure. Every process that it started and its folder are gone afterwards."""
    with TemporaryDirectory(prefix="plexus-endurance-") as name, ExitStack() as running:
        folder = Path(name)
        built = programs.build(folder)
        raise_descriptor_limit()
        port = free_port()
        running.enter_context(serving([str(built / "upstream"), str(port)], port=port, log=folder / "upstream.log"))
        say("Starting a gateway of its own …")
        installed = plexus.install(Workplace(folder=folder, rivals=folder, upstream_port=port))
        with plexus.start(Workplace(folder=folder, rivals=folder, upstream_port=port), installed.environ) as server:
            outcome = Disconnecting(built, folder, installed, server, leave_percent, seed, say).run(asked)
        outcome.endings = endings(installed.data)
        outcome.lost = plexus.lost(installed.data, outcome.load.requests)
        return outcome


def endings(data: Path) -> dict[str, int]:
    """How many rows of the history have which outcome."""
    with closing(sqlite3.connect(data / "plexus.sqlite3")) as database:
        return dict(database.execute("SELECT outcome, count(*) FROM history_requestlog GROUP BY outcome"))


class Disconnecting:
    """One run on a server that stands."""

    def __init__(
        self,
        built: Path,
        folder: Path,
        installed: Installed,
        server: Server,
        leave_percent: float,
        seed: int,
        say: Callable[[str], None],
    ) -> None:
        self.built = built
        self.server = server
        self.watch = Watch(server)
        self.seed = seed
        self.say = say
        self.whole = self.request_file(
            folder / "whole", installed, requests.whole(request_bytes=1024, answer_bytes=1024)
        )
        stream = requests.stream(
            chunks_per_second=STREAM_CHUNKS_PER_SECOND, after_seconds=0.001, lasts_seconds=STREAM_SECONDS
        )
        self.leaving = Leaving(
            other_file=self.request_file(folder / "stream", installed, stream),
            other_percent=STREAM_PERCENT,
            leave_percent=leave_percent,
            seed=seed,
        )

    def request_file(self, file: Path, installed: Installed, body: bytes) -> Path:
        file.write_bytes(requests.http_request(self.server.port, CHAT_PATH, installed.headers, body))
        return file

    def run(self, asked: int) -> Outcome:
        """Warm up, take the baseline, load and sample, wait for rest."""
        self.say("Warming up: what is made once is no leak …")
        self.load(max(SMALLEST_WARM_UP, round(asked * WARM_UP_SHARE)))
        baseline = self.watch.look_at_rest(REST_SECONDS)
        self.say(f"{asked:,} requests over {CONNECTIONS} connections …")
        with ThreadPoolExecutor(1) as thread:
            loading = thread.submit(self.load, asked)
            samples = self.sampled(loading, baseline.requests, asked // SAMPLES)
            load = loading.result()
        self.say("Waiting until it is at rest …")
        end = self.watch.look_at_rest(REST_SECONDS)
        limits = LONG if asked >= LONG_REQUESTS else SHORT
        return Outcome(seed=self.seed, limits=limits, baseline=baseline, samples=samples, end=end, load=load)

    def load(self, most: int) -> Requests:
        return programs.load_requests(
            self.built,
            self.server.port,
            self.whole,
            connections=CONNECTIONS,
            seconds=most / LEAST_PER_SECOND,
            most_requests=most,
            leaving=self.leaving,
        )

    def sampled(self, loading: Future[Requests], first: int, every: int) -> list[Sample]:
        """One sample each so many requests, until the load is over; the last is of its last half second."""
        samples: list[Sample] = []
        due = first + every
        while not loading.done():
            sample = self.watch.look()
            if sample.requests >= due:
                samples.append(sample)
                due = sample.requests + every
            time.sleep(LOOK_EVERY_SECONDS)
        return [*samples, self.watch.look()]
