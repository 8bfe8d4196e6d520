"""How long we wait for an upstream, and at what."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """The deadlines of one call, each on the monotonic clock."""

    connect_seconds: float = 3.0
    """Name lookup, TCP and TLS together."""
    first_byte_seconds: float = 60.0
    """From the request's last byte handed to the socket to the whole head of the answer. Absolute: a header that drips
    in byte by byte does not extend it."""
    idle_seconds: float = 60.0
    """Between two pieces of the answer's body."""
    semantic_idle_seconds: float = 180.0
    """Between two events of a stream that say something. Only who reads the events can tell; comments do not count."""
    total_seconds: float = 600.0
    """From the start of the call to the last byte of the answer."""

    def __post_init__(self) -> None:
        for name in self.__slots__:
            seconds = getattr(self, name)
            # Written so that NaN is refused too.
            if not seconds > 0:
                raise ValueError(f"{name} must be more than 0, not {seconds}.")
