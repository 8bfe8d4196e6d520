"""The end of a request whose process died under it: told from what the journal had of it by then."""

import msgspec

from history.records import Asked, Attempt, Begun, Exchange, Outcome

GATEWAY_DIED = "gateway_died"
ERROR = "The gateway's process ended before the answer did."
STATUS = 500
"""Nobody knows what the client saw: nothing at all, or a beginning."""


class Unfinished:
    """A request of which the journal tells the beginning, and so far no end."""

    __slots__ = ("attempts", "begun")

    def __init__(self, begun: Begun) -> None:
        self.begun = begun
        self.attempts: dict[int, Attempt] = {1: first_attempt(begun)}
        """By number."""

    def learn(self, attempt: Attempt) -> None:
        """How an attempt ended, or that it began. A beginning may be told again, later than its end: it changes nothing."""
        if attempt.outcome is not Outcome.INTERRUPTED or attempt.number not in self.attempts:
            self.attempts[attempt.number] = attempt

    def exchange(self, last_sign: float) -> Exchange:
        """`last_sign`: when the process was last seen to write, in seconds since the epoch."""
        attempts = tuple(
            cut_short(attempt, last_sign) if attempt.outcome is Outcome.INTERRUPTED else attempt
            for _, attempt in sorted(self.attempts.items())
        )
        last = attempts[-1]
        facts = {name: getattr(self.begun, name) for name in Asked.__struct_fields__}
        return Exchange(
            **facts | {"provider": last.provider, "model": last.model, "target_id": last.target_id},
            outcome=Outcome.INTERRUPTED,
            status=STATUS,
            error_code=GATEWAY_DIED,
            error=ERROR,
            latency_ms=milliseconds(self.begun.started_at, last_sign),
            attempts=attempts,
        )


def first_attempt(begun: Begun) -> Attempt:
    return Attempt(
        number=1,
        target_id=begun.target_id,
        provider=begun.provider,
        model=begun.model,
        url=begun.url,
        started_at=begun.asked_at,
        latency_ms=0.0,
        outcome=Outcome.INTERRUPTED,
    )


def cut_short(attempt: Attempt, last_sign: float) -> Attempt:
    return msgspec.structs.replace(
        attempt,
        latency_ms=milliseconds(attempt.started_at, last_sign),
        condition=GATEWAY_DIED,
        error=ERROR,
    )


def milliseconds(since: float, until: float) -> float:
    return max(0.0, (until - since) * 1000)
