"""One upstream's health at a moment, for people and machines to read."""

import msgspec

from routing.health.breaker import State
from routing.health.standing import Standing


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What pages and metrics show."""

    key: str
    state: State
    standing: Standing
    seconds_left: float | None
    openings: int
    """In a row."""
    opened_total: int
    rests_total: int
    """Both since the start, as this process has seen itself."""
    in_flight: int
    in_flight_elsewhere: int
    first_byte_ms: float | None
    tokens_per_second: float | None
    success_ratio: float | None
    samples: float
    """How many answers the means rest on, older ones counting less."""
    good: int
    bad: int
    """Answers and failures since the start."""
    used_requests: int
    used_tokens: int
