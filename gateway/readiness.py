"""Whether this process should be sent requests, and what an operator should know of it meanwhile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

NAMES = {"database": "The database", "redis": "Redis"}
MOST_PENDING = 10_000
"""So many records behind, history is not keeping up."""
LONGEST_LAG_SECONDS = 60.0
"""So late, neither workers nor database take it: rows that no worker writes are written directly after 30 s."""


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What is known, without asking anybody."""

    versions: Mapping[str, int]
    """Of the routing table and the client keys; -1: none yet."""
    ages_seconds: Mapping[str, float]
    """How long ago each was last known to be the newest there is."""
    silent_seconds: Mapping[str, float]
    """How long ago each service around us last answered."""
    patience_seconds: float
    """How long either of these may be before it is said."""
    history: Mapping[str, float]
    """The fields of history.recorder.Figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """The answer of /readyz."""

    status: str
    """ready, degraded, starting or draining."""
    reasons: Sequence[str] = ()

    @property
    def takes_requests(self) -> bool:
        """Degraded too: what it has in memory is enough to go on."""
        return self.status in ("ready", "degraded")


def readiness(figures: Figures | None, *, is_draining: bool) -> Readiness:
    """`figures`: None before the start."""
    if is_draining:
        return Readiness(status="draining")
    if figures is None or min(figures.versions.values()) < 0:
        return Readiness(status="starting")
    reasons = [*_of_configuration(figures), *_of_services(figures), *_of_history(figures)]
    return Readiness(status="degraded" if reasons else "ready", reasons=reasons)


def _of_configuration(figures: Figures) -> Sequence[str]:
    return [
        f"The {subject.replace('_', ' ')} may be out of date: nobody has confirmed it for {seconds:.0f} s."
        for subject, seconds in figures.ages_seconds.items()
        if seconds > figures.patience_seconds
    ]


def _of_services(figures: Figures) -> Sequence[str]:
    return [
        f"{NAMES.get(name, name)} has not answered for {seconds:.0f} s."
        for name, seconds in figures.silent_seconds.items()
        if seconds > figures.patience_seconds
    ]


def _of_history(figures: Figures) -> Sequence[str]:
    history = figures.history
    reasons = []
    if history["pending"] >= MOST_PENDING:
        reasons.append(f"History is {history['pending']:,} records behind.")
    if history["lag_seconds"] > LONGEST_LAG_SECONDS:
        reasons.append(f"History waits: its oldest record is not in the database after {history['lag_seconds']:.0f} s.")
    if history["lost"]:
        reasons.append(f"History has lost {history['lost']:,} records since the start.")
    return reasons
