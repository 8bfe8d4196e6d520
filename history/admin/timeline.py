"""The tries of a request as bars on its time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from history.models import AttemptLog, RequestLog
from history.records import Outcome
from history.shown import shown_duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One attempt, drawn: where its bar begins and how long it is, in percent of the whole request."""

    log: AttemptLog
    failed: bool
    mood: str
    """The colour of its label."""
    came_to: str
    """Its status, or that there was none."""
    latency: str
    first_byte: str
    begins_percent: float
    lasts_percent: float
    first_byte_percent: float
    """Of the bar itself: the part until the first byte."""


def tries_of(request: RequestLog, attempts: Sequence[AttemptLog]) -> list[Try]:
    return [
        _try(attempt, since_ms=_since_ms(request, attempt), whole_ms=_whole_ms(request, attempts))
        for attempt in attempts
    ]


def _since_ms(request: RequestLog, attempt: AttemptLog) -> float:
    since: timedelta = attempt.started_at - request.started_at
    return max(0.0, since.total_seconds() * 1000)


def _whole_ms(request: RequestLog, attempts: Sequence[AttemptLog]) -> float:
    """What 100 % is. The clocks of a request and its attempts may differ by a hair."""
    ends: list[float] = [_since_ms(request, attempt) + attempt.latency_ms for attempt in attempts]
    return max([float(request.latency_ms), *ends, 0.001])


def _try(attempt: AttemptLog, *, since_ms: float, whole_ms: float) -> Try:
    first_byte_ms = attempt.first_byte_ms
    was_left = attempt.outcome == Outcome.CANCELLED
    failed = not was_left and attempt.outcome != Outcome.OK
    return Try(
        log=attempt,
        failed=failed,
        mood="danger" if failed else "default" if was_left else "success",
        came_to=str(attempt.status or ("given up" if was_left else "no answer")),
        latency=shown_duration(attempt.latency_ms),
        first_byte=shown_duration(first_byte_ms),
        begins_percent=round(100 * since_ms / whole_ms, 2),
        lasts_percent=round(100 * attempt.latency_ms / whole_ms, 2),
        first_byte_percent=round(100 * (first_byte_ms or 0) / max(attempt.latency_ms, 0.001), 2),
    )
