"""The promises about a brown-out, and which of them the evidence breaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks.brownout.evidence import Evidence, Try
from benchmarks.chaos.evidence import Ending, Said
from benchmarks.chaos.outage import is_good, percentile

MOST_FAILED = 0.001
"""Of the requests that clients sent."""
NOTICED_SECONDS = 10.0
"""So long it may take until the sick one is left alone."""
MOST_SHARE = 0.01
"""Of all tries, that the sick one gets afterwards."""
MOST_BACK_SECONDS = 30.0
FULL = 0.8
"""Of an equal share, in a window of so many seconds: chance alone is within 3 sigma at 60 requests a second."""
WINDOW_SECONDS = 5.0
STEP_SECONDS = 0.5
MOST_ADDED_MS = 5.0

TOTAL_SECONDS = 5.0
MOST_TRIES = 1.1
"""For each request, once everybody has been dead for TOTAL_SECONDS."""
MOST_REFUSAL_MS = 50.0
MOST_IN_VAIN_MS = 1000.0
"""A connection that is refused, and half a second of pause before the same one is asked again."""
REFUSALS = (502, 503, 504)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What came of one sickness."""

    requests: int
    failed: int
    """Of those begun since the illness began."""
    failures: Mapping[str, int]
    """How it showed: ending, status and code -> how often."""
    silent: int
    """Streams that broke and ended as if they were whole. Not one may."""
    share_before: float
    share: float
    """Of all tries, the sick one's, from NOTICED_SECONDS on until it was well."""
    back_seconds: float | None
    """From its recovery until it had its full share. None: never."""
    p99_before_ms: float
    p99_others_ms: float
    """Of requests for which the sick one was not asked, while it was ill. Until the head of the answer, both."""
    p99_all_ms: float
    longest_ms: float
    tries_per_request: float
    timeline: list[float]
    """The sick one's share in each second."""
    misses: list[str]
    """Where history and upstreams disagree."""

    @property
    def added_ms(self) -> float:
        return self.p99_others_ms - self.p99_before_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalFigures:
    """What came of everybody's death."""

    requests: int
    late: int
    """Of those: begun after TOTAL_SECONDS of it. All that follows is about them."""
    tries_per_request: float
    refused: int
    """Without asking anybody."""
    p99_refusal_ms: float
    without_retry_after: int
    """Of the refused."""
    p99_in_vain_ms: float
    """Of those for whom somebody was asked."""
    answers: Mapping[str, int]
    """Ending, status and code -> how often."""
    not_refused: int
    """That saw something else than a refusal: a whole answer with 502, 503 or 504."""
    back_seconds: float | None
    """From the recovery to the last request that failed. None: the last ones failed."""


def figures(evidence: Evidence) -> Figures:
    times, sick = evidence.times, set(evidence.sick)
    since_ill = [one for one in evidence.said if one.began_at >= times.ill]
    touched = {one.request_id for one in evidence.tries if one.provider in sick}
    before = [one for one in evidence.said if times.measured <= one.began_at < times.ill]
    during = [one for one in since_ill if one.began_at < times.well]
    return Figures(
        requests=len(since_ill),
        failed=sum(not is_good(one) for one in since_ill),
        failures=_ways([one for one in since_ill if not is_good(one)]),
        silent=sum(one.ending is Ending.SILENT for one in evidence.said),
        share_before=_share(evidence, times.measured, times.ill),
        share=_share(evidence, times.ill + NOTICED_SECONDS, times.well),
        back_seconds=_back_seconds(evidence),
        p99_before_ms=_p99(before),
        p99_others_ms=_p99([one for one in during if one.request_id not in touched]),
        p99_all_ms=_p99(during),
        longest_ms=max((one.head_ms for one in during if one.head_ms is not None), default=0.0),
        tries_per_request=_tries(evidence, times.ill, times.well) / max(1, len(during)),
        timeline=list(_timeline(evidence)),
        misses=list(_misses(evidence)),
    )


def objections(found: Figures) -> Iterator[str]:
    """The promises that were broken."""
    if not found.requests:
        yield "No client asked for anything."
        return
    if found.failed > MOST_FAILED * found.requests:
        yield f"{found.failed} of {found.requests:,} clients noticed; at most {MOST_FAILED:.1%} may."
    if found.silent:
        yield f"{found.silent} streams broke and ended as if they were whole."
    if found.share > MOST_SHARE:
        yield f"After {NOTICED_SECONDS:g} s the sick one got {found.share:.1%} of the tries; {MOST_SHARE:.0%} is allowed."
    if found.back_seconds is None or found.back_seconds > MOST_BACK_SECONDS:
        told = "never" if found.back_seconds is None else f"after {found.back_seconds:.1f} s"
        yield f"It had its full share again {told}; it should within {MOST_BACK_SECONDS:g} s."
    if found.added_ms > MOST_ADDED_MS:
        yield f"The p99 of the others rose by {found.added_ms:.1f} ms; {MOST_ADDED_MS:g} ms are allowed."
    yield from found.misses


def total_figures(evidence: Evidence) -> TotalFigures:
    times = evidence.times
    late = [one for one in evidence.said if times.ill + TOTAL_SECONDS <= one.began_at < times.well]
    asked_for = {one.request_id for one in evidence.tries}
    refused = [one for one in late if one.request_id not in asked_for]
    return TotalFigures(
        requests=sum(one.began_at >= times.ill for one in evidence.said),
        late=len(late),
        refused=len(refused),
        tries_per_request=_tries(evidence, times.ill + TOTAL_SECONDS, times.well) / max(1, len(late)),
        p99_refusal_ms=_p99(refused),
        without_retry_after=sum(not one.retry_after for one in refused),
        p99_in_vain_ms=_p99([one for one in late if one.request_id in asked_for]),
        answers=_ways(late),
        not_refused=sum(one.status not in REFUSALS or one.ending is not Ending.WHOLE for one in late),
        back_seconds=_last_failure(evidence),
    )


def total_objections(found: TotalFigures) -> Iterator[str]:
    """The promises that were broken."""
    if not found.refused:
        yield "Nobody was refused without a try."
        return
    if found.tries_per_request > MOST_TRIES:
        yield f"{found.tries_per_request:.2f} tries for each request; at most {MOST_TRIES:g} may be."
    if found.p99_refusal_ms > MOST_REFUSAL_MS:
        yield f"The p99 of refusals is {found.p99_refusal_ms:.0f} ms; {MOST_REFUSAL_MS:g} ms are allowed."
    if found.p99_in_vain_ms > MOST_IN_VAIN_MS:
        yield f"The p99 of tries in vain is {found.p99_in_vain_ms:.0f} ms; {MOST_IN_VAIN_MS:g} ms are allowed."
    if found.without_retry_after:
        yield f"{found.without_retry_after} of {found.refused:,} refusals do not say when to come back."
    if found.not_refused:
        yield f"{found.not_refused} of {found.late:,} clients saw something else than a refusal."
    if found.back_seconds is None or found.back_seconds > MOST_BACK_SECONDS:
        told = "never" if found.back_seconds is None else f"after {found.back_seconds:.1f} s"
        yield f"Everybody was served again {told}; it should be within {MOST_BACK_SECONDS:g} s."


def _ways(said: list[Said]) -> dict[str, int]:
    # A plain dict: dataclasses.asdict would count the pairs of a Counter.
    return dict(Counter(" ".join(filter(None, (one.ending, str(one.status or ""), one.why))) for one in said))


def _p99(said: list[Said]) -> float:
    return percentile(sorted(one.head_ms for one in said if one.head_ms is not None), 0.99)


def _within(evidence: Evidence, begin: float, end: float) -> list[Try]:
    return [one for one in evidence.tries if begin <= one.at < end]


def _tries(evidence: Evidence, begin: float, end: float) -> int:
    return len(_within(evidence, begin, end))


def _share(evidence: Evidence, begin: float, end: float) -> float:
    """Of all tries in this time, those at the sick one."""
    tries = _within(evidence, begin, end)
    return sum(one.provider in evidence.sick for one in tries) / len(tries) if tries else 0.0


def _timeline(evidence: Evidence) -> Iterator[float]:
    times = evidence.times
    for second in range(int(times.end - times.measured)):
        begin = times.measured + second
        yield _share(evidence, begin, begin + 1)


def _back_seconds(evidence: Evidence) -> float | None:
    """To the beginning of the first window in which it had its full share."""
    times = evidence.times
    wanted = FULL * len(evidence.sick) / len(evidence.upstreams)
    since = 0.0
    while times.well + since + WINDOW_SECONDS <= times.end:
        begin = times.well + since
        if _share(evidence, begin, begin + WINDOW_SECONDS) >= wanted:
            return since
        since += STEP_SECONDS
    return None


def _last_failure(evidence: Evidence) -> float | None:
    """None where nobody was served after it."""
    since = [one for one in evidence.said if one.began_at >= evidence.times.well]
    failed = max((one.began_at for one in since if not is_good(one)), default=evidence.times.well)
    if not any(one.began_at > failed for one in since):
        return None
    return failed - evidence.times.well


def _misses(evidence: Evidence) -> Iterator[str]:
    """A try that could not be connected may or may not have been seen; every other one was seen, once."""
    for name in evidence.upstreams:
        tries = [one for one in evidence.tries if one.provider == name]
        least = sum(one.condition != "connection" for one in tries)
        seen = len(evidence.arrivals.get(name, ()))
        if not least <= seen <= len(tries):
            yield f"{name} was asked {seen:,} times, and the history tells of {least:,} to {len(tries):,} tries there."
