"""Clients that ask without a pause and mind every failure, in a process of their own.

    with Clients(Asking(url=…, key=…, whole=…, streams=[…])) as clients:
        clients.tell()     # so far
        clients.stop()     # once all answers under way are here

Streams and whole answers over connections that are kept, and whole answers over new ones. What failed before the head of
its answer was here has failed; what broke off later, or ended without its last event, was cut.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from benchmarks.contenders.base import CHAT_PATH
from benchmarks.processes import end_with_parent

ROOT = Path(__file__).resolve().parents[2]
ON_NEW_CONNECTIONS = 2
ON_KEPT_CONNECTIONS = 2
ANSWER_SECONDS = 60.0
PAUSE_SECONDS = 0.02
LAST_EVENT = b"data: [DONE]"
KEPT_COMPLAINTS = 20

Body = Mapping[str, Any]  # Any: JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Whom, and for what."""

    url: str
    key: str
    whole: Body
    streams: Sequence[Body]
    """One client for each."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """What clients have had so far."""

    streams: int = 0
    """That came to their end."""
    whole: int = 0
    """Answers."""
    open_streams: int = 0
    """Whose head is here, and not their end."""
    failed: int = 0
    cut: int = 0
    complaints: list[str] = field(default_factory=list)

    @property
    def answered(self) -> int:
        return self.streams + self.whole


class Clients:
    """The process, and what it says."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def tell(self) -> Tally:
        return self._ask("tell")

    def stop(self) -> Tally:
        """Ask for nothing more, and wait for what is under way."""
        return self._ask("stop")

    def _ask(self, word: str) -> Tally:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()
        return Tally(**json.loads(self._process.stdout.readline()))

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.endurance.clients"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=end_with_parent,
        )
        self._ask(json.dumps(asdict(self._asking)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._process:
            self._process.kill()


class Threads:
    """The clients themselves: a thread and a connection each."""

    def __init__(self, asking: Asking) -> None:
        self.asking = asking
        self.tally = Tally()
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        tasks: list[Callable[[httpx.Client], None]] = [self._streaming(body) for body in asking.streams]
        tasks += [self._whole] * ON_KEPT_CONNECTIONS + [self._anew] * ON_NEW_CONNECTIONS
        self._threads = [threading.Thread(target=self._repeat, args=[task], daemon=True) for task in tasks]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join(ANSWER_SECONDS)

    def _repeat(self, ask: Callable[[httpx.Client], None]) -> None:
        headers = {"Authorization": f"Bearer {self.asking.key}"}
        with httpx.Client(base_url=self.asking.url, headers=headers, timeout=ANSWER_SECONDS, trust_env=False) as client:
            while not self._is_over.is_set():
                ask(client)

    def _streaming(self, body: Body) -> Callable[[httpx.Client], None]:
        return lambda client: self._take(client, body, LAST_EVENT, streams=True)

    def _whole(self, client: httpx.Client) -> None:
        self._take(client, self.asking.whole, b"}")

    def _anew(self, client: httpx.Client) -> None:
        time.sleep(PAUSE_SECONDS)
        self._take(client, self.asking.whole, b"}", close=True)

    def _take(
        self, client: httpx.Client, body: Body, end: bytes, *, streams: bool = False, close: bool = False
    ) -> None:
        """One answer, which must end so."""
        headers = {"Connection": "close"} if close else {}
        has_head = False
        try:
            with client.stream("POST", CHAT_PATH, json=body, headers=headers) as reply:
                has_head = reply.status_code == 200
                self._note(open_streams=int(streams))
                try:
                    answer = reply.read().rstrip(b"\n")
                finally:
                    self._note(open_streams=-int(streams))
        except httpx.HTTPError as exc:
            self._note(repr(exc), cut=int(has_head), failed=int(not has_head))
            return
        if not has_head:
            self._note(f"{reply.status_code} {answer[:200]!r}", failed=1)
        elif not answer.endswith(end):
            self._note(f"It ended with {answer[-200:]!r}", cut=1)
        else:
            self._note(streams=int(streams), whole=int(not streams))

    def _note(self, complaint: str = "", **counts: int) -> None:
        with self._lock:
            for name, number in counts.items():
                setattr(self.tally, name, getattr(self.tally, name) + number)
            if complaint and len(self.tally.complaints) < KEPT_COMPLAINTS:
                self.tally.complaints.append(complaint)

    def told(self) -> str:
        with self._lock:
            return json.dumps(asdict(self.tally))


def main() -> None:
    """Obey standard input until it ends."""
    threads = Threads(Asking(**json.loads(sys.stdin.readline())))
    threads.start()
    sys.stdout.write(threads.told() + "\n")
    sys.stdout.flush()
    for word in sys.stdin:
        if word.strip() == "stop":
            threads.stop()
        sys.stdout.write(threads.told() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
