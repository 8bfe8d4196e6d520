"""Values that were replaced, taken apart bit by bit once nobody holds them any more.

To free a hundred thousand targets at once takes 10 to 40 ms in which no other thread runs; and the last one to let go of a
table is the event loop, with a request that began under it.
"""

import sys
import time
from collections import deque
from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar

PAUSE_SECONDS = 0.0005
"""After each piece of long work: only one thread runs Python at a time, and requests must not wait for a whole table."""
PARTS_AT_ONCE = 300
MOST_KEPT = 3
"""Processes that never sweep, such as an import, keep no more than these."""
OURS = 2
"""References that `sweep` itself has: its variable, and the argument of getrefcount."""


class Divisible(Protocol):
    def parts(self) -> Iterable[object]:
        """All that the value holds directly, small things left out."""


V = TypeVar("V", bound=Divisible)


class Retired(Generic[V]):
    """Holds what was replaced until `sweep` finds that nobody else does."""

    def __init__(self) -> None:
        self._values: deque[V] = deque(maxlen=MOST_KEPT)

    def __len__(self) -> int:
        return len(self._values)

    def add(self, value: V) -> None:
        self._values.append(value)

    def sweep(self) -> None:
        """Free what can be. Blocks for a moment per few hundred parts; call it where nobody waits."""
        for _ in range(len(self._values)):
            value = self._values.popleft()
            if sys.getrefcount(value) > OURS:
                self._values.append(value)
                continue
            parts = list(value.parts())
            del value
            while parts:
                del parts[-PARTS_AT_ONCE:]
                time.sleep(PAUSE_SECONDS)
