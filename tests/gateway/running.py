"""A `manage.py` command in a process of its own, as somebody at a keyboard has it.

with Running("serve", "--port", "0", data=folder) as serve:
    serve.wait_for("Ctrl-C ends it")
    assert serve.stop() == 0
"""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 180.0
"""A process that imports Django takes a second, and on a machine that does much else many."""
READY = "Ctrl-C ends it"
"""What it says when it serves."""
SHIELDED = (
    "DATABASE_URL",
    "REDIS_URL",
    "CELERY_BROKER_URL",
    "DJANGO_SETTINGS_MODULE",
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
)


class Running:
    """The process, and all that it has said."""

    def __init__(self, *arguments: str, data: Path, environ: dict[str, str] | None = None) -> None:
        self.data = data
        self.command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        self.said: list[str] = []
        self.exit_code: int | None = None
        kept = {name: value for name, value in os.environ.items() if name not in SHIELDED and "PLEXUS" not in name}
        self.environ = {
            **kept,
            "PLEXUS_DATA_DIR": str(data),
            "PLEXUS_ENV_FILE": "",
            "PLEXUS_PRIVATE_UPSTREAMS": "127.0.0.0/8",
            **(environ or {}),
        }

    @property
    def output(self) -> str:
        return "".join(self.said)

    @property
    def url(self) -> str:
        """Where it said that it serves."""
        found = re.search(r"serves on (http://[\w.:\[\]]+?)[ .](?!\d)", self.output)
        assert found, self.output
        return found[1]

    @property
    def key(self) -> str:
        """The client key that quickstart showed."""
        found = re.search(r"API key +(sk-plx-\S+)", self.output)
        assert found, self.output
        return found[1]

    def start(self) -> Self:
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        return self

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            self.said.extend(lines)

    def wait_for(self, words: str) -> float:
        """Wait until it has said so; return the seconds since its start."""
        while words not in self.output:
            over = self.process.poll() is not None and not self._reader.is_alive()
            assert not over or words in self.output, self.output
            assert time.monotonic() < self.started_at + PATIENCE_SECONDS, self.output
            time.sleep(0.01)
        return time.monotonic() - self.started_at

    def send(self, signum: signal.Signals) -> None:
        self.process.send_signal(signum)

    def send_to_all(self, signum: signal.Signals) -> None:
        """To it and to every process that it started, as a terminal does."""
        os.killpg(self.process.pid, signum)

    def wait(self) -> int:
        """Its exit code, when all of its output is read."""
        self.exit_code = self.process.wait(PATIENCE_SECONDS)
        self._reader.join(PATIENCE_SECONDS)
        return self.exit_code

    def stop(self, signum: signal.Signals = signal.SIGINT) -> int:
        """Ask it to end; return its exit code."""
        self.send(signum)
        return self.wait()

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What its SQLite database holds."""
        connection = sqlite3.connect(f"file:{self.data / 'plexus.sqlite3'}?mode=ro", uri=True)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
