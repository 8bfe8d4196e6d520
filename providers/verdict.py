"""What a failure means: may another upstream take the request, and what becomes of the one that failed. One pure function.

The table in docs/routing.md, “What a failure means”, says the same row by row; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from providers import errors
from providers.errors import Condition, Fault, UpstreamError

SHORT_PAUSE_SECONDS: Final = (0.1, 0.5)
WORTH_WAITING_SECONDS: Final = 3.0
"""For so long a request may wait for an upstream that names its wait, where nobody else is left."""


class Harm(StrEnum):
    """What a failure does to the health of an upstream."""

    NONE = "none"
    FAILURE = "failure"
    """Some of them in a row, or among many, open the breaker."""
    STALL = "stall"
    """The same, of failures that cost a whole timeout each: fewer suffice."""
    REST = "rest"
    """It is left alone until a time; nothing is counted against it."""
    HARD = "hard"
    """The breaker opens at once."""


class Scope(StrEnum):
    """Whom the harm meets."""

    UPSTREAM = "upstream"
    CREDENTIAL = "credential"
    """All upstreams of that provider: they call with the same key."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What a kind of failure means, whatever the single one says."""

    harm: Harm
    scope: Scope = Scope.UPSTREAM
    may_fail_over: bool = True
    """To any other upstream of the route."""
    may_fail_over_if_named: bool = True
    """To a target that names this condition as its own."""
    again: int = 0
    """How often the same upstream may be asked once more, if nobody else is left."""
    rest_seconds: float | None = None
    """REST: how long, the first time. HARD: how long the breaker stays open."""
    grows: bool = False
    """The rest doubles each time it is earned again soon, up to `rest_cap_seconds`."""
    rest_cap_seconds: float | None = None
    shows_life: bool = False
    """The upstream did its work and found the fault in the request: for its health, as good as an answer."""
    should_retry: bool | None = None
    """`x-should-retry` for the caller: false where the same request can only fail again. An upstream's own is dropped."""


class Verdict(Rule, frozen=True, kw_only=True):
    """What to do about one failure."""

    condition: Condition
    fault: Fault
    was_reached: bool = True
    """Somebody took the connection. Else it is no opinion of ours that nobody is there."""
    pause_seconds: tuple[float, float] = SHORT_PAUSE_SECONDS
    """How long to wait before the same upstream is asked again: draw evenly between the two."""


_FAILURE: Final = Rule(harm=Harm.FAILURE)
_FAILURE_ONCE_MORE: Final = Rule(harm=Harm.FAILURE, again=1)
_STALL: Final = Rule(harm=Harm.STALL)
_HARD: Final = Rule(harm=Harm.HARD, rest_seconds=60)
_OUR_MISTAKE: Final = Rule(harm=Harm.FAILURE, should_retry=False)
_CALLERS: Final = Rule(
    harm=Harm.NONE, may_fail_over=False, may_fail_over_if_named=False, shows_life=True, should_retry=False
)

_RULES: Final[Mapping[type[UpstreamError], Rule]] = {
    UpstreamError: _FAILURE,
    errors.ConnectFailed: _FAILURE_ONCE_MORE,
    errors.ConnectTimeout: _FAILURE_ONCE_MORE,
    # Nothing is sent, so a try costs nothing: no long rest, that a mended address or header is used at once.
    errors.AddressRefused: _OUR_MISTAKE,
    errors.Misconfigured: _OUR_MISTAKE,
    errors.TLSFailed: _HARD,
    errors.Redirected: _HARD,
    errors.FirstByteTimeout: _STALL,
    errors.IdleTimeout: _STALL,
    errors.TotalTimeout: _STALL,
    errors.UpstreamTimedOut: _STALL,
    errors.Disconnected: _FAILURE_ONCE_MORE,
    # As much as was asked for, most likely: whoever else answers will send, and bill, as much.
    errors.AnswerTooLarge: Rule(harm=Harm.NONE, may_fail_over=False, shows_life=True, should_retry=False),
    errors.EmptyAnswer: Rule(harm=Harm.NONE),
    errors.ErrorInAnswer: _FAILURE,
    errors.UpstreamServerError: _FAILURE_ONCE_MORE,
    errors.UpstreamUnable: _FAILURE,
    errors.UpstreamRateLimited: Rule(harm=Harm.REST, rest_seconds=5, grows=True, rest_cap_seconds=60),
    errors.QuotaExceeded: Rule(harm=Harm.REST, scope=Scope.CREDENTIAL, rest_seconds=300, should_retry=False),
    errors.UpstreamAuthFailed: Rule(
        harm=Harm.REST,
        scope=Scope.CREDENTIAL,
        rest_seconds=60,
        grows=True,
        rest_cap_seconds=900,
        should_retry=False,
    ),
    errors.UpstreamModelNotFound: Rule(harm=Harm.REST, rest_seconds=300, should_retry=False),
    errors.UpstreamRejected: _CALLERS,
    errors.ContextLengthExceeded: Rule(harm=Harm.NONE, shows_life=True, should_retry=False),
    errors.ContentFiltered: Rule(harm=Harm.NONE, may_fail_over=False, shows_life=True, should_retry=False),
    errors.Retryable4xx: Rule(harm=Harm.NONE, again=1),
}
"""By kind; one that is not here is judged as the kind that it is a kind of."""

_ASKS_TO_WAIT: Final = (errors.UpstreamRateLimited, errors.UpstreamOverloaded)


def judge(failure: UpstreamError) -> Verdict:
    """What the failure means. Any kind, with or without a wait."""
    rule = _rule_of(type(failure))
    # To wait for 0 s is no wait: who says so again and again must rest like one who names none.
    wait = failure.retry_after_seconds or None
    if wait is None or not isinstance(failure, _ASKS_TO_WAIT):
        return _verdict(failure, rule)
    is_short = isinstance(failure, errors.UpstreamRateLimited) and wait <= WORTH_WAITING_SECONDS
    resting = Rule(harm=Harm.REST, again=int(is_short), rest_seconds=wait, rest_cap_seconds=wait)
    return _verdict(failure, resting, pause_seconds=(wait, wait * 1.5))


def _rule_of(kind: type[UpstreamError]) -> Rule:
    return next(_RULES[parent] for parent in kind.__mro__ if parent in _RULES)


def _verdict(failure: UpstreamError, rule: Rule, pause_seconds: tuple[float, float] = SHORT_PAUSE_SECONDS) -> Verdict:
    return Verdict(
        condition=failure.condition,
        fault=failure.fault,
        was_reached=not isinstance(failure, errors.NotReached),
        pause_seconds=pause_seconds,
        **msgspec.structs.asdict(rule),
    )
