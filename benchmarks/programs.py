"""The three C programs: built anew for each run, started on loopback, read as values."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Any

from benchmarks.failures import CannotMeasure

SOURCES = Path(__file__).parent
NAMES = ("upstream", "requestload", "streamload")
COMPILERS = ("cc", "gcc", "clang")
LONGEST_COMPILE_SECONDS = 60
PATIENCE_SECONDS = 60
"""Beyond the time for which a load was meant to run."""


def build(folder: Path) -> Path:
    """Compile all programs into `folder`, and return it. Raises CannotMeasure."""
    compiler = next((found for name in COMPILERS if (found := which(name))), None)
    if compiler is None:
        raise CannotMeasure(
            "There is no C compiler, and the benchmark builds its own upstream and load generators. "
            "Install one, on Debian and Ubuntu with `apt-get install gcc libc6-dev`."
        )
    for name in NAMES:
        command = [compiler, "-O2", "-o", str(folder / name), str(SOURCES / f"{name}.c")]
        made = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_COMPILE_SECONDS, check=False)
        if made.returncode:
            raise CannotMeasure(f"{name}.c does not compile here; it needs Linux and its headers:\n{made.stderr}")
    return folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """What a load of whole answers came to. Durations in microseconds."""

    requests: int
    """Whole answers."""
    left: int
    """Requests that their client left alone."""
    errors: int
    seconds: float
    p50_us: int
    p90_us: int
    p99_us: int
    max_us: int
    first_error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunks:
    """What came on open streams in the time measured. `delay`: from the upstream's write to our read."""

    streams: int
    chunks: int
    errors: int
    seconds: float
    first_byte_p50_us: int
    first_byte_p99_us: int
    delay_p50_us: int
    delay_p99_us: int
    gap_p50_us: int
    gap_p99_us: int
    first_error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """Clients that hang up at random moments, and a second request among the first."""

    other_file: Path
    other_percent: float
    leave_percent: float
    seed: int


def load_requests(
    programs: Path,
    port: int,
    request_file: Path,
    *,
    connections: int,
    seconds: float,
    most_requests: int = 0,
    per_second: float = 0,
    leaving: Leaving | None = None,
) -> Requests:
    """Send a request over and over. `most_requests` 0: as many as fit; `per_second` 0: as fast as they are answered."""
    command = [programs / "requestload", port, connections, seconds, most_requests, per_second, request_file]
    if leaving is not None:
        command += [leaving.other_file, leaving.other_percent, leaving.leave_percent, leaving.seed]
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        timeout=seconds + PATIENCE_SECONDS,
        check=False,
    )
    if done.returncode:
        raise CannotMeasure(f"The load generator failed: {done.stderr.strip()}")
    return Requests(**json.loads(done.stdout))


class Streaming:
    """Streams that are all open; `measured` waits for the end of the measurement. They are closed with the block."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def measured(self) -> Chunks:
        """What came in the time measured. The streams are still open then."""
        return Chunks(**self.next("measured"))

    def next(self, event: str) -> Mapping[str, Any]:  # Any: JSON
        """The next thing that the program says, which must be `event`."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        said: dict[str, Any] = json.loads(line) if line else {}
        if said.pop("event", "") != event:
            raise CannotMeasure("The stream load generator failed: see above.")
        return said


@contextmanager
def open_streams(
    programs: Path,
    port: int,
    request_file: Path,
    *,
    streams: int,
    opened_per_second: float,
    settle_seconds: float,
    seconds: float,
) -> Iterator[Streaming]:
    """Open streams; the block begins when each has brought its first chunk and `settle_seconds` are over, and the measurement with it."""
    command = [programs / "streamload", port, streams, opened_per_second, settle_seconds, seconds, request_file]
    process = subprocess.Popen(
        [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        try:
            streaming = Streaming(process)
            streaming.next("open")
            yield streaming
            assert process.stdin is not None
            process.stdin.close()
            process.wait(PATIENCE_SECONDS)
        finally:
            process.kill()
