"""Whom to probe, with what, and what to tell the others of it. The task that does it is gateway/tasks.py.

A probe is the smallest request there is: one word in, one token out. It costs money all the same, so nobody is probed who did
not ask for it (`probe_every_seconds` of the provider), who had requests of its own within the last minute (they tell more), or
who asked us to wait.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from gateway.health.letters import Sheet, Word
from providers.errors import Condition
from providers.verdict import Harm, Scope, Verdict
from routing.health.breaker import HARD_OPEN_SECONDS, OPEN_SECONDS
from routing.health.news import Event, News
from routing.health.rest import REST_SECONDS
from routing.health.standing import Cause
from routing.table import Upstream

BODIES: Final[Mapping[str, Mapping[str, object]]] = {
    "chat": {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 1},
    "completions": {"prompt": "hi", "max_tokens": 1},
    "embeddings": {"input": "hi"},
}
"""By API type, in the order in which they are preferred. A model that wants other words for its limit answers 400, and so lives."""
ASKED_US_TO_WAIT = {Condition.RATE_LIMITED, Condition.OVERLOADED}
CAUSES = {Harm.FAILURE: Cause.FAILURES, Harm.STALL: Cause.STALLS, Harm.HARD: Cause.HARD}
LONGEST_UNREAD_SECONDS = 5.0
"""A letter's lease."""
LATE_SECONDS = 1.0
"""Beat looks every ten seconds, never on the tick: who is due a moment later is due now."""


def wanting(upstreams: Iterable[Upstream], words: Iterable[Word], sheets: Iterable[Sheet]) -> list[Upstream]:
    """Those that want to be probed and about whom nobody else can tell more; each once."""
    spared = busy_keys(sheets) | waiting_keys(words)
    wanted = {upstream.key: upstream for upstream in upstreams if upstream.probe_every_seconds}
    return [
        upstream
        for key, upstream in wanted.items()
        if key not in spared and upstream.provider not in spared and api_type_of(upstream)
    ]


def busy_keys(sheets: Iterable[Sheet]) -> set[str]:
    """Those with requests in the last minute, and well: of the others a probe may have news."""
    return {
        one.told.key
        for sheet in sheets
        for one in sheet.upstreams
        if one.told.used_requests and one.told.standing.is_well
    }


def waiting_keys(words: Iterable[Word]) -> set[str]:
    """Upstreams, and names of providers, that have asked us to wait."""
    return {
        news.key
        for word in words
        for news in word.news
        if news.event in (Event.RESTS, Event.CREDENTIAL_RESTS) and news.condition in ASKED_US_TO_WAIT
    }


def api_type_of(upstream: Upstream) -> str:
    """How to ask it; "" where it speaks nothing that we know how to ask for little."""
    return next((api_type for api_type in BODIES if api_type in upstream.urls), "")


def body_of(upstream: Upstream) -> bytes:
    return msgspec.json.encode({"model": upstream.model, **BODIES[api_type_of(upstream)]})


def news_of(upstream: Upstream, verdict: Verdict | None, begun_seconds_ago: float) -> Sequence[News]:
    """What to tell the others. `verdict`: None after an answer. Nothing where it says nothing of the upstream."""
    if verdict is None or verdict.shows_life:
        # As old as it may be when it is read: of what began since then it must say nothing.
        age_seconds = begun_seconds_ago + LONGEST_UNREAD_SECONDS
        return [News(key=upstream.key, event=Event.ANSWERED, number=1, seconds=age_seconds)]
    if verdict.harm is Harm.NONE:
        return []
    if verdict.harm is Harm.REST:
        is_of_all = verdict.scope is Scope.CREDENTIAL
        return [
            News(
                key=upstream.provider if is_of_all else upstream.key,
                event=Event.CREDENTIAL_RESTS if is_of_all else Event.RESTS,
                number=1,
                seconds=verdict.rest_seconds or REST_SECONDS,
                condition=verdict.condition,
            )
        ]
    return [
        News(
            key=upstream.key,
            event=Event.OPENED,
            number=1,
            seconds=HARD_OPEN_SECONDS if verdict.harm is Harm.HARD else OPEN_SECONDS,
            cause=CAUSES[verdict.harm],
            condition=verdict.condition,
        )
    ]
