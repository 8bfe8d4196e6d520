"""The one classifier: an answer that is none -> the failure that it means. Pure; verdict.py says what to do about it.

from_status         an answer with an error status
read_or_refuse      a whole answer with a 2xx status, read; or the failure that it is
of_answer           a whole answer with a 2xx status: None if it is one
of_first_events     what a stream begins with: None unless it is an error
of_event            an error event of a stream, at whichever place
of_silent_stream    a stream that ended without a word
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from providers import spellings
from providers.errors import (
    ContentFiltered,
    ContextLengthExceeded,
    EmptyAnswer,
    ErrorInAnswer,
    Incomplete,
    ProtocolError,
    QuotaExceeded,
    Redirected,
    Refusal,
    Retryable4xx,
    UpstreamAuthFailed,
    UpstreamError,
    UpstreamModelNotFound,
    UpstreamOverloaded,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamServerError,
    UpstreamTimedOut,
    UpstreamUnable,
)
from providers.retry_after import bounded, retry_after_seconds
from providers.spellings import KIND_OF_CODE, STATUS_OF_CODE
from providers.wire.complaint import Complaint, read_complaint
from providers.wire.openai_chat import Answer, read_answer, read_good_answer
from providers.wire.openai_chat.faults import ENDED_BY_ITSELF, Fault, fault_of
from providers.wire.openai_chat.stream import Seen, StreamReader
from providers.wire.sse import data_of

SHORT_WAIT_SECONDS: Final = 60.0
"""Nobody who is out of money is told to come back so soon: Azure and DashScope call their limits per minute a quota too."""

BY_STATUS: Final[Mapping[int, type[Refusal]]] = {
    401: UpstreamAuthFailed,
    402: QuotaExceeded,
    403: UpstreamAuthFailed,
    404: UpstreamModelNotFound,
    408: Retryable4xx,
    409: Retryable4xx,
    425: Retryable4xx,
    429: UpstreamRateLimited,
    498: UpstreamRateLimited,  # Groq's flex tier has no room
    501: UpstreamUnable,
    503: UpstreamOverloaded,
    504: UpstreamTimedOut,
    505: UpstreamUnable,
    522: UpstreamTimedOut,  # Cloudflare's words for what stands behind it, as 524
    524: UpstreamTimedOut,
    529: UpstreamOverloaded,  # Anthropic
}
TOO_LONG_STATUSES: Final = {400, 413, 422}


def from_status(status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
    """The failure that an answer with this status means. For any status that is not 2xx.

    `headers` must find lower-case names: httpx.Headers, or a dict with lower-case keys.
    """
    if 300 <= status <= 399:
        return Redirected(f"The upstream sends us elsewhere (status {status}).", upstream_status=status)
    if not 400 <= status <= 599:
        return ProtocolError(f"The upstream answered with status {status}.", upstream_status=status)
    said = read_complaint(body)
    if status == 403 and is_page(headers.get("content-type", ""), body):
        # Not the provider's API speaks here but a firewall before it, and what it dislikes may be one caller's prompt.
        return ProtocolError("The upstream answered 403 with a page for browsers.", upstream_status=status)
    wait = retry_after_seconds(headers)
    wait = said.wait_seconds if wait is None else wait
    kind = _kind_of(status, said, wait)
    return _refusal(kind, said, status=status, wait=wait, body=body, content_type=headers.get("content-type", ""))


def read_or_refuse(status: int, content_type: str, body: bytes, api_type: str) -> Answer | UpstreamError:
    """What a whole answer with a 2xx status tells, or the failure that it is. Decoded once where it is as most are."""
    if api_type == "chat" and "html" not in content_type and (answer := read_good_answer(body)) is not None:
        return answer
    failure = of_answer(status, content_type, body, api_type)
    return read_answer(body) if failure is None else failure


def of_answer(status: int, content_type: str, body: bytes, api_type: str = "chat") -> UpstreamError | None:
    """The failure that a whole answer with a 2xx status is; None if it is an answer.

    A content type says little: servers send good JSON as text/plain. Only a page for browsers is known by it.
    """
    fault = Fault.NOT_JSON if is_page(content_type, body) else fault_of(body, api_type)
    match fault:
        case None:
            return None
        case Fault.ERROR:
            return _of_error_inside(status, body)
        case Fault.EMPTY:
            message = f"The upstream answered {status} with nothing in it."
            empty = EmptyAnswer(message, upstream_status=status, body=body, content_type=json_type(content_type))
            empty.usage = read_answer(body).usage
            return empty
        case Fault.NOT_JSON | Fault.OTHER_SHAPE:
            return ProtocolError(
                f"The upstream answered {status} with something that is {fault}.", upstream_status=status
            )


def of_first_events(events: Sequence[bytes], status: int = 200) -> UpstreamError | None:
    """The failure that a stream begins with: the first error among `events` that no content precedes."""
    reader = StreamReader(wants_usage_chunk=True)
    for event in events:
        seen = reader.feed(event)
        if seen is Seen.ERROR:
            return of_event(event, status)
        if seen is Seen.CONTENT:
            return None
    return None


def of_event(event: bytes, status: int = 200) -> UpstreamError:
    """The failure that an error event reports. Its `body` is the event's data: an error object, or nothing."""
    return _of_error_inside(status, data_of(event) or b"")


def of_silent_stream(finish_reason: str | None, status: int = 200) -> UpstreamError | None:
    """A stream that ended before it said anything; None where that is meant: cut at its length, or by a filter."""
    if not finish_reason:
        return Incomplete("The upstream's stream ended before it had begun to answer.", upstream_status=status)
    if finish_reason not in ENDED_BY_ITSELF:
        return None
    return EmptyAnswer("The upstream's stream ended with nothing in it.", upstream_status=status)


def is_page(content_type: str, body: bytes) -> bool:
    """HTML: of a CDN, a firewall, or a web server that knows nothing of an API."""
    named = content_type.partition(";")[0].strip().lower() in ("text/html", "application/xhtml+xml")
    return named or body[:256].lstrip().lower().startswith((b"<!doctype", b"<html"))


def json_type(content_type: str) -> str:
    """What a JSON body may be called on its way to a caller: never by a name under which a browser shows it as a page."""
    return content_type if "json" in content_type.lower() else "application/json"


def _of_error_inside(status: int, body: bytes) -> UpstreamError:
    """An error under a status that promised an answer: judged by the status that it stands for."""
    said = read_complaint(body)
    named = said.status or next((STATUS_OF_CODE[code] for code in said.codes if code in STATUS_OF_CODE), None)
    if named is not None:
        kind = _kind_of(named, said, said.wait_seconds)
    else:
        kind = _by_meaning(400, said, None) or ErrorInAnswer
        named = 400 if issubclass(kind, UpstreamRejected) else None
    return _refusal(kind, said, status=status, named_status=named, wait=said.wait_seconds, body=body)


def _refusal(
    kind: type[Refusal],
    said: Complaint,
    *,
    status: int,
    named_status: int | None = None,
    wait: float | None,
    body: bytes,
    content_type: str = "",
) -> Refusal:
    # Only words that we know: the history keeps them, and an upstream may repeat a prompt in place of a code.
    code = next((code for code in said.codes if code in KIND_OF_CODE or code in STATUS_OF_CODE), "")
    inside = f"; inside it: {named_status}" if named_status else ""
    named = f", {code}" if code else ""
    return kind(
        f"The upstream {kind.words} (status {status}{inside}{named}).",
        upstream_status=status,
        named_status=named_status,
        named_code=code,
        retry_after_seconds=None if wait is None else bounded(wait),
        body=body if said.is_json else b"",
        content_type=json_type(content_type),
    )


def _kind_of(status: int, said: Complaint, wait: float | None) -> type[Refusal]:
    by_status = BY_STATUS.get(status) or (UpstreamServerError if status >= 500 else UpstreamRejected)
    if status >= 500 or status in (401, 402):
        return by_status  # Whatever it says: it failed, or it wants another key of us, or money.
    return _by_meaning(status, said, wait) or by_status


def _by_meaning(status: int, said: Complaint, wait: float | None) -> type[Refusal] | None:
    """The kind that code or words tell of; None where the status says all."""
    if kind := _by_words(status, said):
        return kind
    kind = next((KIND_OF_CODE[code] for code in said.codes if code in KIND_OF_CODE), None)
    if kind is QuotaExceeded and status == 429 and wait is not None and wait <= SHORT_WAIT_SECONDS:
        return UpstreamRateLimited
    return kind


def _by_words(status: int, said: Complaint) -> type[Refusal] | None:
    if spellings.TOO_LARGE_FOR_ACCOUNT.match(said.message):
        return ContextLengthExceeded
    if status in TOO_LONG_STATUSES and spellings.TOO_LONG.search(said.message):
        return ContextLengthExceeded
    if spellings.AGAINST_POLICY.search(said.message):
        return ContentFiltered
    if spellings.NO_MONEY.match(said.message):
        return QuotaExceeded
    if spellings.WRONG_KEY.match(said.message):
        return UpstreamAuthFailed
    if status == 404 and (said.param not in ("", "model") or spellings.NO_SUCH_FEATURE.match(said.message)):
        # The caller named something else that is not there: no reason to give the model up.
        return UpstreamRejected
    return None
