"""pip, with its progress on one line and its errors in full. Standard library only: it runs before all else is there."""

import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TextIO

PIP = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
PLAIN_LINE_EVERY_SECONDS = 10.0
FIRST_WRITE = "Installing collected packages"
"""How pip's line begins when it has all it needs. Until then the environment is as it was."""


class InstallFailed(Exception):
    """pip gave up. The message is all that it wrote to stderr."""

    def __init__(self, said: str) -> None:
        super().__init__(said.strip())
        self.cure = cure_for(said)


def cure_for(said: str) -> str:
    """What to do about this installer error, in a sentence."""
    if "No space left" in said:
        return "Free some disk space, then run the same command again."
    signs = ("NewConnectionError", "name resolution", "timed out", "ProxyError", "SSLError", "ConnectionResetError")
    if any(sign in said for sign in signs):
        return (
            "The package index could not be reached: see to the network (HTTPS_PROXY and PIP_INDEX_URL are honoured), "
            "then run the same command again."
        )
    return "See to what the installer says above, then run the same command again."


def install(what: str, *, where: Path, on_first_write: Callable[[], None]) -> None:
    """Install the project in the folder `where` into the running environment; `what` is `.` or `.[extra]`.

    `on_first_write` is called when pip has all it needs and begins to change the environment: an end before that
    leaves the environment as it was. Raises InstallFailed.
    """
    # PIP_USER would send everything past the environment; unbuffered, or progress comes in one lump at the end.
    environ = {**os.environ, "PIP_USER": "0", "PIP_ROOT_USER_ACTION": "ignore", "PYTHONUNBUFFERED": "1"}
    progress = Progress(to=sys.stderr)
    with tempfile.TemporaryFile("w+") as errors, progress:
        command = [*PIP, "-e", what]
        with subprocess.Popen(
            command, cwd=where, env=environ, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors
        ) as pip:
            assert pip.stdout is not None
            for line in _lines_or_ticks(pip.stdout):
                if line.startswith(FIRST_WRITE):
                    on_first_write()
                progress.see(line)
        if pip.returncode:
            errors.seek(0)
            raise InstallFailed(errors.read())


def _lines_or_ticks(stream: IO[str]) -> Iterator[str]:
    """Each line as it comes, and an empty one for every half second without: pip can be silent for long."""
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def pump() -> None:
        for line in stream:
            lines.put(line.strip())
        lines.put(None)

    threading.Thread(target=pump, daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=0.5)
        except queue.Empty:
            line = ""
        if line is None:
            return
        yield line


@dataclass(slots=True, kw_only=True)
class Progress:
    """What pip is doing: one line that is drawn over on a terminal, a plain line now and then elsewhere."""

    to: TextIO
    started: float = field(default_factory=time.monotonic)
    seen: int = 0
    """Packages collected so far."""
    doing: str = "asking the package index"
    last_plain: float = 0.0

    def __enter__(self) -> "Progress":
        self._say("Installing Plexus and what it needs (once; about half a minute) …\n")
        return self

    def __exit__(self, *failure: object) -> None:
        if self.to.isatty():
            self._say("\r\x1b[2K")
        if failure[0] is None:
            self._say(f"Installed in {time.monotonic() - self.started:.0f} s.\n")

    def see(self, line: str) -> None:
        """Take one line of pip's; an empty one only moves the clock."""
        words = line.split()
        match words[:1]:
            case ["Collecting" | "Processing"]:
                self.seen += 1
                self.doing = f"collecting {Path(words[1]).name}"
            case ["Downloading"]:
                self.doing = f"downloading {Path(words[1]).name}"
            case ["Installing"] if line.startswith(FIRST_WRITE):
                self.doing = f"installing {len(words) - 3} packages"
        self._draw()

    def _draw(self) -> None:
        seconds = time.monotonic() - self.started
        text = f"  {seconds:3.0f} s  {self.seen:3d} packages  {self.doing}"
        if self.to.isatty():
            self._say("\r\x1b[2K" + text[: shutil.get_terminal_size().columns - 1])
        elif seconds - self.last_plain >= PLAIN_LINE_EVERY_SECONDS:
            self.last_plain = seconds
            self._say(text + "\n")

    def _say(self, text: str) -> None:
        self.to.write(text)
        self.to.flush()
