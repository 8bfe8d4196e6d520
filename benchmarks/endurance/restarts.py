"""One `manage.py serve --take-over` after the other on one port, under streams and whole requests: no client may notice."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import programs, requests
from benchmarks.contenders import Workplace, plexus
from benchmarks.contenders.base import ROOT
from benchmarks.endurance.clients import Asking, Clients, Tally
from benchmarks.endurance.disconnects import endings
from benchmarks.failures import CannotMeasure
from benchmarks.processes import end_with_parent, free_port, last_lines, serving, stop

READY = "Ctrl-C ends it"
"""What `serve` says once it accepts."""
START_SECONDS = 90.0
DRAIN_SECONDS = 30
END_SECONDS = DRAIN_SECONDS + 30.0
POLL_SECONDS = 0.02
STREAM_SECONDS = (0.5, 1.0, 1.0, 2.0, 2.0, 3.0)
"""One client for each: short ones meet the moment of the handover in all their phases, long ones outlast it."""
CHUNKS_PER_SECOND = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """One of them."""

    ready_seconds: float
    """From the start of the successor until it accepted."""
    ended_seconds: float
    """From then until the predecessor had ended."""
    exit_code: int
    """The predecessor's."""
    open_streams: int
    """When the successor accepted."""
    tally: Tally
    """Since the first start."""


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What a run came to."""

    restarts: list[Restart] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    last_exit_code: int = 0
    endings: Mapping[str, int] = field(default_factory=dict)
    """How the history says that requests ended."""
    tracebacks: int = 0
    """In what the gateways said."""

    @property
    def objections(self) -> list[str]:
        """What somebody noticed."""
        tally, codes = self.tally, [*(restart.exit_code for restart in self.restarts), self.last_exit_code]
        found = [f"{tally.failed} requests failed, {tally.cut} were cut."] if tally.failed or tally.cut else []
        found += tally.complaints
        if any(codes):
            found.append(f"Exit codes: {codes}.")
        if self.tracebacks:
            found.append(f"The gateways said {self.tracebacks} tracebacks.")
        if dict(self.endings) != {"ok": tally.answered}:
            found.append(f"{tally.answered} requests were answered, and the history has {dict(self.endings)}.")
        found += [
            f"Restart {number} met no stream." for number, one in enumerate(self.restarts, 1) if not one.open_streams
        ]
        return found

    def document(self) -> dict[str, object]:
        """All of it, for JSON."""
        return {**asdict(self), "objections": self.objections}

    def lines(self) -> Iterator[str]:
        """The totals. Each restart has been said when it was over."""
        tally = self.tally
        yield (
            f"{len(self.restarts)} restarts, {tally.streams:,} streams and {tally.whole:,} whole answers: "
            f"{tally.failed} failed, {tally.cut} cut."
        )
        yield "History: " + ", ".join(f"{number:,} {name}" for name, number in sorted(self.endings.items())) + "."


def run(restarts: int, say: Callable[[str], None]) -> Outcome:
    """Raises CannotMeasure. Every process that it started and its folder are gone afterwards."""
    with TemporaryDirectory(prefix="plexus-endurance-") as name, ExitStack() as running:
        folder = Path(name)
        built = programs.build(folder)
        port = free_port()
        running.enter_context(serving([str(built / "upstream"), str(port)], port=port, log=folder / "upstream.log"))
        say("Starting a gateway of its own …")
        installed = plexus.install(Workplace(folder=folder, rivals=folder, upstream_port=port))
        environ = {**installed.environ, "PLEXUS_DRAIN_SECONDS": str(DRAIN_SECONDS)}
        asking = Asking(
            url=f"http://127.0.0.1:{(gateway := free_port())}",
            key=installed.key,
            whole=json.loads(requests.whole(request_bytes=1024, answer_bytes=1024)),
            streams=[a_stream(seconds) for seconds in STREAM_SECONDS],
        )
        outcome = Restarting(folder, environ, gateway, say).run(asking, restarts)
        outcome.endings = endings(installed.data)
        return outcome


def a_stream(seconds: float) -> Mapping[str, object]:
    """A body that asks for one of this length."""
    body = requests.stream(chunks_per_second=CHUNKS_PER_SECOND, after_seconds=0.02, lasts_seconds=seconds)
    asked: Mapping[str, object] = json.loads(body)
    return asked


class Restarting:
    """One run, in an environment in which `manage.py serve` starts."""

    def __init__(self, folder: Path, environ: Mapping[str, str], port: int, say: Callable[[str], None]) -> None:
        self.folder = folder
        self.environ = environ
        self.port = port
        self.say = say
        self.logs: list[Path] = []

    def run(self, asking: Asking, restarts: int, options: Sequence[str] = ()) -> Outcome:
        """Raises CannotMeasure."""
        outcome = Outcome()
        with ExitStack() as running:
            gateway = running.enter_context(self.gateway(options))
            clients = running.enter_context(Clients(asking))
            self.wait_for_streams(clients, len(asking.streams))
            for number in range(1, restarts + 1):
                began = time.monotonic()
                successor = running.enter_context(self.gateway(options))
                outcome.restarts.append(restarted(began, gateway, clients))
                gateway = successor
                self.say(line(number, outcome.restarts[-1]))
                self.wait_for_streams(clients, len(asking.streams))
            outcome.tally = clients.stop()
            gateway.terminate()
            outcome.last_exit_code = exit_code(gateway)
        outcome.tracebacks = sum(log.read_text(errors="replace").count("Traceback") for log in self.logs)
        return outcome

    @contextmanager
    def gateway(self, options: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
        """`manage.py serve --take-over`, from when it accepts. Raises CannotMeasure if it never does."""
        log = self.folder / f"gateway-{len(self.logs)}.log"
        self.logs.append(log)
        command = [sys.executable, "manage.py", "serve", "--port", str(self.port), "--take-over", *options]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                env=dict(self.environ),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=end_with_parent,
            )
        try:
            wait_until_ready(process, log)
            yield process
        finally:
            stop(process)

    def wait_for_streams(self, clients: Clients, number: int) -> None:
        """Until so many have ended, and others run on the gateway that serves now. Raises CannotMeasure if they do not."""
        until = time.monotonic() + START_SECONDS
        enough = clients.tell().streams + number
        while (tally := clients.tell()).streams < enough and not tally.complaints:
            if time.monotonic() > until:
                raise CannotMeasure(f"No stream comes to its end:\n{last_lines(self.logs[-1])}")
            time.sleep(POLL_SECONDS)


def restarted(began: float, predecessor: subprocess.Popen[bytes], clients: Clients) -> Restart:
    """Wait for the end of the predecessor, now that its successor accepts."""
    ready = time.monotonic()
    open_streams = clients.tell().open_streams
    code = exit_code(predecessor)
    return Restart(
        ready_seconds=round(ready - began, 2),
        ended_seconds=round(time.monotonic() - ready, 2),
        exit_code=code,
        open_streams=open_streams,
        tally=clients.tell(),
    )


def line(number: int, restart: Restart) -> str:
    """What a restart came to."""
    tally = restart.tally
    return (
        f"Restart {number}: serves after {restart.ready_seconds:.1f} s, {restart.open_streams} streams open then; the "
        f"predecessor ended {restart.ended_seconds:.1f} s later, exit code {restart.exit_code}. So far "
        f"{tally.streams:,} streams, {tally.whole:,} whole, {tally.failed} failed, {tally.cut} cut."
    )


def exit_code(process: subprocess.Popen[bytes]) -> int:
    """Once it has ended. Raises CannotMeasure if it does not."""
    try:
        return process.wait(END_SECONDS)
    except subprocess.TimeoutExpired as exc:
        raise CannotMeasure(f"A gateway did not end within {END_SECONDS:g} s.") from exc


def wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while READY not in log.read_text(errors="replace"):
        if process.poll() is not None:
            raise CannotMeasure(f"The gateway ended with exit code {process.returncode}:\n{last_lines(log)}")
        if time.monotonic() > until:
            raise CannotMeasure(f"The gateway did not serve within {START_SECONDS:g} s:\n{last_lines(log)}")
        time.sleep(POLL_SECONDS)
