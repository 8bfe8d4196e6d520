"""How long to wait: what an upstream asks of us, and what we tell the caller."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

LONGEST_WAIT_SECONDS: Final = 300.0
LONGEST_TOLD_SECONDS: Final = 30
"""OpenAI's SDK waits for no more than 120 s and gives up instead; a minute is too long for whoever sits before it."""

# float() would also take nan, 1_0 and other scripts' digits.
_NUMBER = re.compile(r"\+?([0-9]+\.?[0-9]*|\.[0-9]+)([eE]\+?[0-9]+)?")


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """How long an answer asks us to wait, at most 300 s; None if it does not say, or nothing that can be read.

    `headers` must find lower-case names: httpx.Headers, or a dict with lower-case keys. The millisecond headers come
    first, as OpenAI's and Azure's own clients read them. A date counts from the answer's own Date header: both are the
    upstream's clock, so ours does not matter. Of two headers the first counts.
    """
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):
        if (milliseconds := a_wait(headers.get(name))) is not None:
            return bounded(milliseconds / 1000)
    asked = headers.get("retry-after")
    seconds = a_wait(asked)
    if seconds is None:
        seconds = wait_until(asked, headers.get("date"))
    return None if seconds is None else bounded(seconds)


def bounded(seconds: float) -> float:
    return min(seconds, LONGEST_WAIT_SECONDS)


def a_wait(text: str | None) -> float | None:
    first = (text or "").partition(",")[0].strip()
    if not _NUMBER.fullmatch(first):
        return None
    number = float(first)
    return number if math.isfinite(number) else LONGEST_WAIT_SECONDS * 1000  # 1e999: for ever, in whichever unit


def wait_until(date: str | None, now: str | None) -> float | None:
    until, since = a_date(date), a_date(now)
    if until is None or since is None or until < since:
        return None
    return (until - since).total_seconds()


def a_date(text: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):  # the year 99999999999 does not fit into a C integer
        return None
    # A date without a zone cannot be compared with one that has it; HTTP's dates always have one.
    return date if date.tzinfo else None


def told_seconds(remaining_seconds: Iterable[float]) -> int | None:
    """Retry-After for a caller: when the first of the upstreams may be asked again, 1 to 30 s; None if none is known."""
    soonest = min(remaining_seconds, default=None)
    return None if soonest is None else min(max(1, math.ceil(soonest)), LONGEST_TOLD_SECONDS)
