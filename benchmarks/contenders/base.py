"""What the benchmark must know about a contender."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.processes import Server

ROOT = Path(__file__).resolve().parents[2]
CHAT_PATH = "/v1/chat/completions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """Where a run happens."""

    folder: Path
    """Thrown away at the end."""
    rivals: Path
    """Where rivals are installed; kept."""
    upstream_port: int

    @property
    def upstream_url(self) -> str:
        return f"http://127.0.0.1:{self.upstream_port}{CHAT_PATH}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One that stands between the load and the upstream."""

    name: str
    version: str
    start: Callable[[], AbstractContextManager[Server]]
    """A server of its own each time."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What a request to it must carry."""
    serves_in_main_thread: bool = True
    """Of the process that was started: its event loop, apart from what other threads do. False for nginx's workers."""
    lost: Callable[[int], int] = lambda answered: 0
    """Of so many requests, how many it did not keep in its history; asked once it has stopped."""
