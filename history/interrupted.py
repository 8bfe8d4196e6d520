"""The row of a request whose process died under it: told from what the journal had of it by then."""

import msgspec

from history.records import Begun, Exchange, Outcome
from history.rows import AttemptRow, Row, row_of

GATEWAY_DIED = "gateway_died"
ERROR = "The gateway's process ended before the answer did."
STATUS = 500
"""Nobody knows what the client saw: nothing at all, or a beginning."""


class Unfinished:
    """A request of which the journal tells the beginning, and so far no end."""

    __slots__ = ("attempts", "begun")

    def __init__(self, begun: Begun) -> None:
        self.begun = begun
        self.attempts: dict[int, AttemptRow] = {1: first_attempt(begun)}
        """By number."""

    def learn(self, attempt: AttemptRow) -> None:
        """How an attempt ended, or that it began. A beginning may be told again, later than its end: it changes nothing."""
        if attempt["outcome"] != Outcome.INTERRUPTED or attempt["number"] not in self.attempts:
            self.attempts[attempt["number"]] = attempt

    def row(self, last_sign: float) -> Row:
        """`last_sign`: when the process was last seen to write, in seconds since the epoch."""
        attempts = [
            cut_short(attempt, last_sign) if attempt["outcome"] == Outcome.INTERRUPTED else attempt
            for _, attempt in sorted(self.attempts.items())
        ]
        facts = msgspec.structs.asdict(self.begun)
        for name in ("url", "asked_at", "provider", "model", "target_id"):
            del facts[name]
        last = attempts[-1]
        row = row_of(
            Exchange(
                **facts,
                provider=last["provider"],
                model=last["model"],
                target_id=last["target_id"],
                outcome=Outcome.INTERRUPTED,
                status=STATUS,
                error_code=GATEWAY_DIED,
                error=ERROR,
                latency_ms=milliseconds(self.begun.started_at, last_sign),
            )
        )
        row["attempts"] = attempts
        return row


def first_attempt(begun: Begun) -> AttemptRow:
    return {
        "number": 1,
        "target_id": begun.target_id,
        "provider": begun.provider,
        "model": begun.model,
        "url": begun.url,
        "started_at": begun.asked_at,
        "latency_ms": 0.0,
        "first_byte_ms": None,
        "status": None,
        "outcome": Outcome.INTERRUPTED.value,
        "condition": "",
        "error": "",
        "upstream_request_id": "",
    }


def cut_short(attempt: AttemptRow, last_sign: float) -> AttemptRow:
    return {
        **attempt,
        "latency_ms": milliseconds(attempt["started_at"], last_sign),
        "condition": GATEWAY_DIED,
        "error": ERROR,
    }


def milliseconds(since: float, until: float) -> float:
    return max(0.0, (until - since) * 1000)
