"""Keeping a conversation with one upstream, whose cache of the prompt so far makes it faster and cheaper.

Who is asked first for a session that nobody remembers follows from its name alone, by weighted rendezvous hashing, so all processes
agree without talking:

    score = weight / -ln(u), u = hash(session, choice) in (0, 1); the highest first

Each choice so gets its share of sessions, and when one comes or goes only its own sessions move.
Source: Schindelhauer, Schomaker, "Weighted Distributed Hash Tables", SPAA 2005 (the logarithmic method).

Who answered is remembered for a time after the last request. So a session that had to move stays where it moved to: the cache is there now.
"""

from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b
from math import log

from routing.selection.base import Choice

MOST_SESSIONS = 50_000
"""Of one process, about 10 MB. The one unused for longest is forgotten first."""
_BITS = 52
"""One less than a float holds: half of one is added, and the sum must stay below 1, whose logarithm is 0."""


def order(choices: Sequence[Choice], session: bytes) -> list[Choice]:
    """The order in which this session asks them: the same each time and everywhere."""
    return sorted(choices, key=lambda choice: _score(choice, session), reverse=True)


def _score(choice: Choice, session: bytes) -> float:
    digest = blake2b(session, digest_size=8, salt=b"%x" % (choice.id & (1 << 60) - 1)).digest()
    uniform = (int.from_bytes(digest, "big") >> (64 - _BITS)) + 0.5
    return choice.weight / -log(uniform / (1 << _BITS))


class Sessions:
    """Which upstream each session was last with. `now`: seconds on a clock that only moves forward."""

    def __init__(self, most: int = MOST_SESSIONS) -> None:
        self._most = most
        self._known: OrderedDict[bytes, tuple[str, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def upstream_of(self, session: bytes, now: float) -> str | None:
        """The key of the upstream that it was with, or None where that is too long ago or was never."""
        known = self._known.get(session)
        if known is None:
            return None
        key, until = known
        if now < until:
            return key
        del self._known[session]
        return None

    def keep(self, session: bytes, upstream_key: str, now: float, *, seconds: float) -> None:
        """It was answered there; for so long that is remembered."""
        self._known[session] = (upstream_key, now + seconds)
        self._known.move_to_end(session)
        if len(self._known) > self._most:
            self._known.popitem(last=False)
