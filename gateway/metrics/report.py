"""What one process tells about itself, and what several say together."""

from collections.abc import Sequence

import msgspec

from gateway.metrics.totals import Totals
from gateway.metrics.upstreams import UpstreamFigures, all_figures

STALE_SECONDS = 10.0
"""A worker that has not reported for so long has ended: what it counted stays, what it was doing does not."""


class Recorded(msgspec.Struct):
    """What became of the history, since the start."""

    requests: int = 0
    lost: int = 0
    """Of those: their rows could not be kept."""
    adopted: int = 0
    """Requests of dead processes that this one took over."""
    quarantined: int = 0
    """Rows that the database refused for what is in them."""
    damaged: int = 0
    """Lines of journals that could not be read."""


class Present(msgspec.Struct):
    """What a process is doing now."""

    in_flight: int = 0
    body_bytes: int = 0
    tasks: int = 0
    """Of the event loop: what it runs by itself, and one or two for each request."""
    upstreams_in_use: int = 0
    """Connections to upstreams that carry a request, or are being made for one."""
    upstreams_idle: int = 0
    """Connections to upstreams that are kept for the next request."""
    loop_lag_seconds: float = 0.0
    history_pending: int = 0
    history_lag_seconds: float = 0.0
    journal_bytes: int = 0
    """Of all processes of this machine."""
    versions: dict[str, int] = {}
    """What this process has of the routing table and the client keys."""
    ages_seconds: dict[str, float] = {}
    """How long ago each was last known to be the newest there is."""


class Report(msgspec.Struct):
    """All that a process tells."""

    written_at: float
    """Seconds since the epoch."""
    totals: Totals
    recorded: Recorded
    present: Present
    upstreams: dict[str, UpstreamFigures] = {}
    """By key."""


class Summary(msgspec.Struct):
    """Several reports as one."""

    workers: int
    totals: Totals
    recorded: Recorded
    present: Present
    upstreams: dict[str, UpstreamFigures] = {}


def summed(reports: Sequence[Report], *, now: float) -> Summary:
    """What all have counted; of what they do now, the sum over those that live, and the worst of what has no sum."""
    totals = Totals()
    for report in reports:
        totals.add(report.totals)
    living = [report.present for report in reports if now - report.written_at < STALE_SECONDS]
    return Summary(
        workers=len(living),
        totals=totals,
        recorded=_all_recorded([report.recorded for report in reports]),
        present=_worst(living),
        upstreams=all_figures(
            [(report.upstreams, now - report.written_at < STALE_SECONDS) for report in reports],
        ),
    )


def _all_recorded(each: Sequence[Recorded]) -> Recorded:
    return Recorded(**{name: sum(getattr(one, name) for one in each) for name in Recorded.__struct_fields__})


def _worst(living: Sequence[Present]) -> Present:
    subjects = {subject for present in living for subject in present.versions}
    return Present(
        in_flight=sum(present.in_flight for present in living),
        body_bytes=sum(present.body_bytes for present in living),
        tasks=sum(present.tasks for present in living),
        upstreams_in_use=sum(present.upstreams_in_use for present in living),
        upstreams_idle=sum(present.upstreams_idle for present in living),
        loop_lag_seconds=max((present.loop_lag_seconds for present in living), default=0.0),
        history_pending=sum(present.history_pending for present in living),
        history_lag_seconds=max((present.history_lag_seconds for present in living), default=0.0),
        journal_bytes=max((present.journal_bytes for present in living), default=0),
        versions={subject: min(present.versions.get(subject, -1) for present in living) for subject in subjects},
        ages_seconds={
            subject: max(present.ages_seconds.get(subject, 0.0) for present in living) for subject in subjects
        },
    )
