"""Everything that can go wrong with an upstream, and whose fault it is.

    UpstreamError
     ├─ NotReached                    nothing was sent: another upstream may take the request
     │   ├─ ConnectFailed             502 upstream_connect_error      refused, unreachable, unknown host
     │   ├─ ConnectTimeout            504 upstream_connect_timeout
     │   ├─ AddressRefused            502 upstream_address_refused    by our own rule: see addresses.py
     │   ├─ TLSFailed                 502 upstream_tls_error          certificate or handshake
     │   └─ Misconfigured             502 upstream_misconfigured      a URL or header here that cannot be sent
     ├─ NotAnswered                   the connection stood, and no whole answer came
     │   ├─ FirstByteTimeout          504 upstream_timeout
     │   ├─ IdleTimeout               504 upstream_idle_timeout
     │   ├─ TotalTimeout              504 upstream_total_timeout
     │   ├─ Disconnected              502 upstream_disconnected
     │   ├─ Incomplete                502 upstream_incomplete         a stream that ended before its answer did
     │   ├─ ProtocolError             502 upstream_protocol_error     not HTTP, not JSON, a redirect, a compressed body
     │   └─ AnswerTooLarge            502 upstream_answer_too_large
     └─ Refusal                       the upstream answered with an error status
         ├─ UpstreamAuthFailed        502 upstream_auth_error         was 401, 403: our credential, not the caller's
         ├─ UpstreamModelNotFound     502 upstream_model_not_found    was 404
         ├─ UpstreamRateLimited       429 upstream_rate_limited       passes as it came, with Retry-After
         ├─ QuotaExceeded             429 insufficient_quota          was 402
         ├─ UpstreamServerError       502 upstream_error              was 500 and up
         │   ├─ UpstreamOverloaded    503 upstream_overloaded         was 503, 529
         │   └─ UpstreamTimedOut      504 upstream_timeout            was 504: the upstream's own deadline
         └─ UpstreamRejected          as it came                      was any other 4xx: the caller's business

Branch on the class or its attributes, never on the text. Each has two texts: `message` for the history, which may name
addresses, and `told` for the caller, which never does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import ClassVar

RETRY_AFTER_LIMIT_SECONDS = 300.0


class Fault(StrEnum):
    """Who has to act."""

    CALLER = "caller"
    UPSTREAM = "upstream"
    OURS = "ours"


class Condition(StrEnum):
    """The name of a failure that a target may be a fallback for."""

    CONNECTION = "connection"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"
    AUTHENTICATION = "authentication"
    MODEL_NOT_FOUND = "model_not_found"
    RATE_LIMITED = "rate_limited"
    QUOTA_EXCEEDED = "quota_exceeded"
    SERVER_ERROR = "server_error"
    OVERLOADED = "overloaded"
    REJECTED = "rejected"


class UpstreamError(Exception):
    """Any failure of one try at one upstream. Raise a kind of it."""

    status: int = 502
    """What the caller is answered if no other upstream takes the request."""
    code: ClassVar[str] = "upstream_error"
    condition: ClassVar[Condition] = Condition.SERVER_ERROR
    fault: ClassVar[Fault] = Fault.UPSTREAM
    may_fail_over: ClassVar[bool] = False
    passes_through: ClassVar[bool] = False
    """Whether the caller gets `body` and `content_type` as they came, in place of our own words."""
    words: ClassVar[str] = "failed"
    """What happened, as the end of a sentence about the upstream. Never an address or a variable of ours."""

    def __init__(
        self,
        message: str,
        *,
        upstream_status: int | None = None,
        retry_after_seconds: float | None = None,
        body: bytes = b"",
        content_type: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        """For the history."""
        self.upstream = ""
        """provider/model, put down by whoever tried it."""
        self.upstream_status = upstream_status
        self.retry_after_seconds = retry_after_seconds
        self.body = body
        self.content_type = content_type

    @property
    def told(self) -> str:
        """For the caller: who, and what, without anything of our network."""
        answered = f" (status {self.upstream_status})" if self.upstream_status is not None else ""
        return f"{self.upstream or 'The upstream'} {self.words}{answered}."


class NotReached(UpstreamError):
    """Nothing of the request was sent, so another upstream may take it at no risk."""

    condition = Condition.CONNECTION
    may_fail_over = True
    words = "could not be reached"


class ConnectFailed(NotReached):
    """Refused, unreachable, or a host name that nobody knows."""

    code = "upstream_connect_error"
    words = "could not be connected to"


class ConnectTimeout(NotReached):
    """No connection in time: name lookup, TCP and TLS together."""

    status = 504
    code = "upstream_connect_timeout"
    condition = Condition.TIMEOUT
    words = "could not be connected to in time"


class AddressRefused(NotReached):
    """We do not call this address: PLEXUS_PRIVATE_UPSTREAMS does not list it."""

    code = "upstream_address_refused"
    fault = Fault.OURS
    words = "stands at an address that may not be called"


class TLSFailed(NotReached):
    """The certificate does not hold, or the handshake failed."""

    code = "upstream_tls_error"
    words = "offered no secure connection"


class Misconfigured(NotReached):
    """A URL or a header is configured that cannot be sent. The forms refuse such; a row written past them may hold it."""

    code = "upstream_misconfigured"
    fault = Fault.OURS
    words = "cannot be called as it is configured"


class NotAnswered(UpstreamError):
    """The request was sent and no whole answer came. It may have been carried out, and may be billed."""

    words = "gave no whole answer"


class FirstByteTimeout(NotAnswered):
    """No head of an answer in time."""

    status = 504
    code = "upstream_timeout"
    condition = Condition.TIMEOUT
    words = "gave no answer in time"


class IdleTimeout(NotAnswered):
    """The answer began and then fell silent."""

    status = 504
    code = "upstream_idle_timeout"
    condition = Condition.TIMEOUT
    words = "fell silent"


class TotalTimeout(NotAnswered):
    """The answer was still coming when the whole call had to be over."""

    status = 504
    code = "upstream_total_timeout"
    condition = Condition.TIMEOUT
    words = "was not done in time"


class Disconnected(NotAnswered):
    """The upstream closed or reset the connection before its answer was whole."""

    code = "upstream_disconnected"
    condition = Condition.CONNECTION
    words = "closed the connection before its answer was whole"


class Incomplete(NotAnswered):
    """The stream ended in good order, but nobody said that the answer was finished."""

    code = "upstream_incomplete"
    condition = Condition.CONNECTION
    words = "ended its stream before its answer was finished"


class ProtocolError(NotAnswered):
    """What came is not what the API promises: not HTTP, not JSON, a redirect, a compressed body."""

    code = "upstream_protocol_error"
    condition = Condition.PROTOCOL
    words = "did not answer as its API promises"


class AnswerTooLarge(NotAnswered):
    """More bytes than we hold in memory for one answer."""

    code = "upstream_answer_too_large"
    condition = Condition.PROTOCOL
    words = "sent a larger answer than is taken"


class Refusal(UpstreamError):
    """The upstream answered with an error status."""


class UpstreamAuthFailed(Refusal):
    """The provider does not accept the credential configured here; the caller's own key was fine."""

    code = "upstream_auth_error"
    condition = Condition.AUTHENTICATION
    fault = Fault.OURS
    words = "does not accept the credential that is configured for it"


class UpstreamModelNotFound(Refusal):
    """The provider does not know the model that is configured here."""

    code = "upstream_model_not_found"
    condition = Condition.MODEL_NOT_FOUND
    fault = Fault.OURS
    words = "does not know the model that is configured for it"


class UpstreamRateLimited(Refusal):
    """The provider asks us to wait."""

    status = 429
    code = "upstream_rate_limited"
    condition = Condition.RATE_LIMITED
    passes_through = True
    words = "asks to wait"


class QuotaExceeded(Refusal):
    """The account at the provider has no money left."""

    status = 429
    code = "insufficient_quota"
    condition = Condition.QUOTA_EXCEEDED
    fault = Fault.OURS
    words = "has no quota left in its account"


class UpstreamServerError(Refusal):
    """The provider failed."""


class UpstreamOverloaded(UpstreamServerError):
    """The provider has no room now. Anthropic says so with 529: https://docs.anthropic.com/en/api/errors"""

    status = 503
    code = "upstream_overloaded"
    condition = Condition.OVERLOADED
    words = "is overloaded"


class UpstreamTimedOut(UpstreamServerError):
    """The provider's own gateway gave up waiting."""

    status = 504
    code = "upstream_timeout"
    condition = Condition.TIMEOUT
    words = "ran into its own deadline"


class UpstreamRejected(Refusal):
    """The request itself is at fault: status and body are for the caller."""

    code = "upstream_rejected"
    condition = Condition.REJECTED
    fault = Fault.CALLER
    passes_through = True
    words = "rejected the request"

    @property
    def status(self) -> int:  # type: ignore[override]  # the class says it for the other kinds; here it is as it came
        return self.upstream_status or 400


BY_STATUS: Mapping[int, type[Refusal]] = {
    401: UpstreamAuthFailed,
    402: QuotaExceeded,
    403: UpstreamAuthFailed,
    404: UpstreamModelNotFound,
    429: UpstreamRateLimited,
    503: UpstreamOverloaded,
    504: UpstreamTimedOut,
    529: UpstreamOverloaded,
}


def from_status(status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
    """The error that an answer with this status means. For any status that is not 2xx.

    `headers` must find lower-case names: httpx.Headers, or a dict with lower-case keys.
    """
    if not 400 <= status <= 599:
        return ProtocolError(f"The upstream answered with status {status}.", upstream_status=status)
    kind = kind_of_status(status)
    return kind(
        f"The upstream {kind.words} (status {status}).",
        upstream_status=status,
        retry_after_seconds=retry_after_seconds(headers),
        body=body,
        content_type=headers.get("content-type", ""),
    )


def kind_of_status(status: int) -> type[Refusal]:
    if status in BY_STATUS:
        return BY_STATUS[status]
    return UpstreamServerError if status >= 500 else UpstreamRejected


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """How long an answer asks us to wait, at most 300 s; None if it does not say, or nothing that can be read.

    The millisecond headers come first, as OpenAI's and Azure's own clients read them. A date counts from the answer's
    own Date header: both are the upstream's clock, so ours does not matter.
    """
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):
        if (milliseconds := a_wait(headers.get(name))) is not None:
            return min(milliseconds / 1000, RETRY_AFTER_LIMIT_SECONDS)
    asked = headers.get("retry-after")
    seconds = a_wait(asked)
    if seconds is None:
        seconds = wait_until(asked, headers.get("date"))
    return None if seconds is None else min(seconds, RETRY_AFTER_LIMIT_SECONDS)


def a_wait(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


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
