"""What clients saw and whom the gateway asked, as plain values. Times are seconds since the epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from benchmarks.chaos.evidence import Said


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """When what began."""

    measured: float
    """The gateway is warm."""
    ill: float
    well: float
    end: float
    """No more requests are sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """The gateway turned to an upstream, by its history: one that is dead sees nothing of it."""

    request_id: UUID
    provider: str
    at: float
    condition: str
    """What went wrong; empty: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Of one sickness from beginning to end."""

    upstreams: Sequence[str]
    sick: Sequence[str]
    """Those who were ill."""
    times: Times
    said: Sequence[Said]
    tries: Sequence[Try]
    arrivals: Mapping[str, Sequence[float]]
    """Upstream -> when it was asked, by its own account."""
