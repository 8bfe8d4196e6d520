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
     │   ├─ ProtocolError             502 upstream_protocol_error     not HTTP, not JSON, a page, a compressed body
     │   │   └─ Redirected            502 upstream_protocol_error     was 3xx: we follow nobody
     │   ├─ AnswerTooLarge            502 upstream_answer_too_large
     │   └─ EmptyAnswer               200 upstream_empty_answer       finished, with nothing in it; passes as it came
     └─ Refusal                       the upstream answered with an error, by its status or inside a 200
         ├─ UpstreamAuthFailed        502 upstream_auth_error         was 401, 403: our credential, not the caller's
         ├─ UpstreamModelNotFound     502 upstream_model_not_found    was 404
         ├─ UpstreamRateLimited       429 upstream_rate_limited       passes as it came, with Retry-After
         ├─ QuotaExceeded             429 insufficient_quota          was 402, or a code that says so
         ├─ ErrorInAnswer             502 upstream_error_in_answer    in a 200, and its code tells us nothing more
         ├─ UpstreamServerError       502 upstream_error              was 500 and up
         │   ├─ UpstreamUnable        502 upstream_error              was 501, 505: asking again is in vain
         │   ├─ UpstreamOverloaded    503 upstream_overloaded         was 503, 529
         │   └─ UpstreamTimedOut      504 upstream_timeout            was 504: the upstream's own deadline
         └─ UpstreamRejected          as it came                      was any other 4xx: the caller's business
             ├─ ContextLengthExceeded as it came                      upstream_context_length
             ├─ ContentFiltered       as it came                      upstream_content_filter
             └─ Retryable4xx          as it came                      was 408, 409, 425: upstream_rejected

Branch on the class or its attributes, never on the text. Each has two texts: `message` for the history, which may name
addresses, and `told` for the caller, which never does. classifier.py makes them out of answers; verdict.py says what to
do about them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from providers.pricing import Usage


class Fault(StrEnum):
    """Who has to act."""

    CALLER = "caller"
    UPSTREAM = "upstream"
    OURS = "ours"


class Condition(StrEnum):
    """The name of a failure that a target may be a fallback for."""

    CONNECTION = "connection"
    TIMEOUT = "timeout"
    RATE_LIMITED = "rate_limited"
    QUOTA_EXCEEDED = "quota_exceeded"
    SERVER_ERROR = "server_error"
    OVERLOADED = "overloaded"
    CONTEXT_LENGTH = "context_length"
    CONTENT_FILTER = "content_filter"
    AUTH = "auth"
    MODEL_NOT_FOUND = "model_not_found"
    PROTOCOL = "protocol"
    EMPTY = "empty"
    REJECTED = "rejected"


class UpstreamError(Exception):
    """Any failure of one try at one upstream. Raise a kind of it."""

    status: int = 502
    """What the caller is answered if no other upstream takes the request."""
    code: ClassVar[str] = "upstream_error"
    condition: ClassVar[Condition] = Condition.SERVER_ERROR
    fault: ClassVar[Fault] = Fault.UPSTREAM
    passes_through: ClassVar[bool] = False
    """Whether the caller gets `body` and `content_type` as they came, in place of our own words."""
    words: ClassVar[str] = "failed"
    """What happened, as the end of a sentence about the upstream. Never an address or a variable of ours."""

    def __init__(
        self,
        message: str,
        *,
        upstream_status: int | None = None,
        named_status: int | None = None,
        named_code: str = "",
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
        self.named_status = named_status
        """The status that an error inside a 200 stands for."""
        self.named_code = named_code
        """The code that the upstream named: `context_length_exceeded`."""
        self.retry_after_seconds = retry_after_seconds
        self.body = body
        """JSON, or nothing: a page for browsers is nobody's answer."""
        self.content_type = content_type

    @property
    def told(self) -> str:
        """For the caller: who, and what, without anything of our network."""
        answered = f" (status {self.upstream_status})" if self.upstream_status is not None else ""
        return f"{self.upstream or 'The upstream'} {self.words}{answered}."


class NotReached(UpstreamError):
    """Nothing of the request was sent, so another upstream may take it at no risk."""

    condition = Condition.CONNECTION
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
    """What came is not what the API promises: not HTTP, not JSON, a page for browsers, a compressed body."""

    code = "upstream_protocol_error"
    condition = Condition.PROTOCOL
    words = "did not answer as its API promises"


class Redirected(ProtocolError):
    """The address configured here is not the API's own. We follow nobody: the credential would go along."""

    words = "sends us elsewhere"


class AnswerTooLarge(NotAnswered):
    """More bytes than we hold in memory for one answer."""

    code = "upstream_answer_too_large"
    condition = Condition.PROTOCOL
    words = "sent a larger answer than is taken"


class EmptyAnswer(NotAnswered):
    """Finished in good order, and nothing in it. If nobody has a better one, the caller gets it as it came: it may be meant."""

    status = 200
    code = "upstream_empty_answer"
    condition = Condition.EMPTY
    passes_through = True
    words = "gave an empty answer"
    usage: Usage | None = None
    """What it cost all the same, if the provider says so."""


class Refusal(UpstreamError):
    """The upstream answered with an error, by its status or inside a 200."""


class UpstreamAuthFailed(Refusal):
    """The provider does not accept the credential configured here; the caller's own key was fine."""

    code = "upstream_auth_error"
    condition = Condition.AUTH
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


class ErrorInAnswer(Refusal):
    """An error where an answer was promised, whose code stands for no status that we know."""

    code = "upstream_error_in_answer"
    words = "gave an error in place of an answer"


class UpstreamServerError(Refusal):
    """The provider failed."""


class UpstreamUnable(UpstreamServerError):
    """The provider does not do this at all."""

    words = "cannot do this"


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
        return self.named_status or self.upstream_status or 400


class ContextLengthExceeded(UpstreamRejected):
    """More tokens than this model, or this account in a minute, takes at once: a larger one may."""

    code = "upstream_context_length"
    condition = Condition.CONTEXT_LENGTH
    words = "takes no request of this length"


class ContentFiltered(UpstreamRejected):
    """The provider's policy refuses what was asked."""

    code = "upstream_content_filter"
    condition = Condition.CONTENT_FILTER
    words = "refuses this content"


class Retryable4xx(UpstreamRejected):
    """Not now, says the provider, and names no fault in the request."""

    words = "did not take the request this time"
