"""What a piece of work costs in numbers that noise cannot move: function calls and memory blocks, in this thread."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType

ROOT = Path(__file__).resolve().parents[1]
ROOMS = tuple(str(ROOT / room) + "/" for room in ("gateway", "routing", "providers", "history", "plexus_site"))
TIMED = ("/asyncio/", "/selectors.py", "/threading.py", "/concurrent/", "/tests/", "/benchmarks/")
"""How often an event loop turns depends on the moment at which a byte arrives. What we count must not."""


@dataclass(slots=True, kw_only=True)
class Calls:
    """Calls by the code that was entered, or that called a function written in C."""

    entered: Counter[CodeType] = field(default_factory=Counter)
    into_c: Counter[CodeType] = field(default_factory=Counter)

    @property
    def ours(self) -> int:
        """Functions of our own rooms, entered or, as coroutines, resumed."""
        return sum(number for code, number in self.entered.items() if code.co_filename.startswith(ROOMS))

    @property
    def all(self) -> int:
        """And those of the libraries, and what both call in C; without the event loop."""
        return sum(
            number
            for counter in (self.entered, self.into_c)
            for code, number in counter.items()
            if not any(part in code.co_filename for part in TIMED)
        )


@contextmanager
def counting() -> Iterator[Calls]:
    """Count the calls of this thread while the block runs."""
    calls = Calls()

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            calls.entered[frame.f_code] += 1
        elif event == "c_call":
            calls.into_c[frame.f_code] += 1

    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(None)
