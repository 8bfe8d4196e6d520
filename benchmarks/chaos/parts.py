"""The parts that are killed and frozen. Every process that is touched descends from one that a part has started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import accounting
from benchmarks.failures import CannotMeasure
from benchmarks.processes import end_with_parent, last_lines
from benchmarks.server_binaries import RunAs

START_SECONDS = 60.0
STOP_SECONDS = 45.0
WORKERS_MARK = b"spawn_main"
"""In the command line of a process that multiprocessing has spawned; its resource tracker has none."""


@dataclass(slots=True, kw_only=True)
class Part:
    """A server in a process of its own, with all that descends from it."""

    name: str
    command: Sequence[str]
    folder: Path
    """Where it runs."""
    log: Path
    environ: Mapping[str, str]
    run_as: RunAs = field(default_factory=RunAs)
    lives_seconds: tuple[float, float]
    """Between which it is let live, before it is killed."""
    stop_with: signal.Signals = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """From the main thread: its end would be the process's."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                list(self.command),
                cwd=self.folder,
                env=dict(self.environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=end_with_parent,
                **self.run_as,
            )

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def is_ours_to_restart(self) -> bool:
        """Whether nobody else does."""
        return True

    def processes(self) -> list[int]:
        return accounting.tree(self.process.pid) if self.process is not None and self.is_alive else []

    def victims(self) -> dict[int, list[int]]:
        """Whom to kill -> all that must die with it, itself included."""
        processes = self.processes()
        return {processes[0]: processes} if processes else {}

    def signal(self, signum: signal.Signals) -> None:
        """Send it to all of its processes."""
        send(signum, self.processes())

    def prepare_restart(self, rng: random.Random) -> None:
        """Whatever may have happened to its files meanwhile."""

    async def stop(self) -> int:
        """Ask it to end. Returns its exit code; whoever does not end in time is killed."""
        if self.process is None:
            return 0
        left = self.processes()
        send(signal.SIGCONT, left)
        if self.is_alive:
            self.process.send_signal(self.stop_with)
        with contextlib.suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(self.process.wait, STOP_SECONDS)
        self.kill_now(left)
        return self.process.wait()

    def kill_now(self, processes: Sequence[int] = ()) -> None:
        """And those that it left behind, of `processes`."""
        if self.process is None:
            return
        sid = self.process.pid
        left = [pid for pid in processes if _session_of(pid) == sid]
        send(signal.SIGKILL, [*self.processes(), *left])
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)

    def last_words(self) -> str:
        return last_lines(self.log)


class Gateway(Part):
    """`serve --workers 2`. Its workers are killed; it starts others itself."""

    __slots__ = ()

    @property
    def is_ours_to_restart(self) -> bool:
        return False

    def workers(self) -> list[int]:
        return [pid for pid in self.processes()[1:] if WORKERS_MARK in _command_line(pid)]

    def victims(self) -> dict[int, list[int]]:
        return {pid: [pid] for pid in self.workers()}


class Valkey(Part):
    """Comes back with what it had written, as docker-compose.yml wants it; at times with nothing, as after a lost disk."""

    __slots__ = ()

    def prepare_restart(self, rng: random.Random) -> None:
        if rng.random() < 0.3:
            for path in sorted(self.folder.glob("appendonlydir/*")):
                path.unlink()


def send(signum: signal.Signals, processes: Sequence[int]) -> None:
    for pid in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signum)


async def until_it_answers(part: Part, ask: Callable[[], Awaitable[bool]]) -> None:
    """Raises CannotMeasure when it ends, or does not answer in time."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if not part.is_alive:
            raise CannotMeasure(f"{part.name} ended at its start:\n{part.last_words()}")
        if await ask():
            return
        await asyncio.sleep(0.1)
    raise CannotMeasure(f"{part.name} did not answer within {START_SECONDS:g} s:\n{part.last_words()}")


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _session_of(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return 0
