"""A brown-out, and an outage, in which all went well, for tests to spoil."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from benchmarks.brownout.evidence import Evidence, Times, Try
from benchmarks.chaos.evidence import Ending, Said

NAMES = ("left", "middle", "right")
SICK = "middle"
TIMES = Times(measured=1000.0, ill=1020.0, well=1080.0, end=1120.0)
PER_SECOND = 30
ALONE_SECONDS = 3.0
"""Until the sick one is left alone, in the good story."""
RETURN_SECONDS = 12.0
"""From its recovery until it is asked again."""


def moments(begin: float = TIMES.measured, end: float = TIMES.end) -> list[float]:
    return [begin + number / PER_SECOND for number in range(round((end - begin) * PER_SECOND))]


def served_by(number: int, at: float, away: Callable[[float], bool]) -> str:
    """Whose turn it is, while those who are well take turns."""
    return ("left", "right")[number % 2] if away(at) else NAMES[number % 3]


def is_away(at: float) -> bool:
    return TIMES.ill + ALONE_SECONDS <= at < TIMES.well + RETURN_SECONDS


def said(number: int, at: float, *, head_ms: float = 40.0) -> Said:
    return Said(
        number=number, began_at=at, ended_at=at + 0.05, ending=Ending.WHOLE, status=200, request_id=UUID(int=number),
        head_ms=head_ms,
    )  # fmt: skip


def story(away: Callable[[float], bool] = is_away, *, head_ms: float = 40.0) -> Evidence:
    """A brown-out in which all went well. `away`: when the sick one is not asked."""
    tries = [
        Try(request_id=UUID(int=number), provider=served_by(number, at, away), at=at, condition="")
        for number, at in enumerate(moments())
    ]
    return Evidence(
        upstreams=NAMES,
        sick=[SICK],
        times=TIMES,
        said=[said(number, at, head_ms=head_ms) for number, at in enumerate(moments())],
        tries=tries,
        arrivals={name: [one.at for one in tries if one.provider == name] for name in NAMES},
    )


def all_dead() -> Evidence:
    """Everybody is refused at once, with a word when to come back; a try now and then."""
    good = story(lambda at: False)
    refused = [
        replace(one, status=503, head_ms=4.0, retry_after="5") if TIMES.ill <= one.began_at < TIMES.well else one
        for one in good.said
    ]
    tries = [one for one in good.tries if not TIMES.ill <= one.at < TIMES.well or one.request_id.int % 50 == 0]
    return replace(good, sick=NAMES, said=refused, tries=tries)
