"""What happened, as values: one Exchange per client request, with one Attempt per try at an upstream.

Structs, as some are made for every request: a frozen dataclass of this many fields costs four times as much, and a Struct goes
into the journal and comes out of it by one call. The lengths are those of the columns. They are not looked at when a value is
made, which must take no time, but when it is read for the database (history/rows.py).
"""

from enum import StrEnum
from typing import Annotated

import msgspec

from providers.pricing import Price, Usage

Text32 = Annotated[str, msgspec.Meta(max_length=32)]
Text64 = Annotated[str, msgspec.Meta(max_length=64)]
Text128 = Annotated[str, msgspec.Meta(max_length=128)]
Text256 = Annotated[str, msgspec.Meta(max_length=256)]
Text2000 = Annotated[str, msgspec.Meta(max_length=2000)]
Text4000 = Annotated[str, msgspec.Meta(max_length=4000)]


class Outcome(StrEnum):
    """How it ended."""

    OK = "ok"
    """Answered, to the end."""
    REFUSED = "refused"
    """We said no before any upstream was asked: bad input, wrong key, unknown model, nobody enabled."""
    FAILED = "failed"
    """No upstream gave an answer that the caller could use."""
    CANCELLED = "cancelled"
    """The client went away before the end. Of a try also: another one, asked at the same time, was quicker."""
    INTERRUPTED = "interrupted"
    """The answer broke off after its first content had gone to the client."""


class Record(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """A value of the journal. What has its usual value is left out there; a name of a newer release is not passed over."""


class Attempt(Record, frozen=True, kw_only=True):
    """One try at one upstream."""

    number: int
    """From 1."""
    target_id: int | None = None
    provider: Text64
    model: Text256
    url: Text2000
    started_at: float
    """Seconds since the epoch."""
    latency_ms: float
    first_byte_ms: float | None = None
    status: int | None = None
    """What the upstream answered; None when it answered nothing."""
    outcome: Outcome
    condition: Text64 = ""
    """The name of the failure: connection, timeout, rate_limited, …; empty when there was none."""
    error: Text2000 = ""
    upstream_request_id: Text128 = ""
    why: Text256 = ""
    """Why this one was asked, and now: “by weight”, “after timeout of openai/gpt-4o”."""


class Asked(Record, frozen=True, kw_only=True):
    """What is known of a request from its beginning to its end. Copies of names, so that it outlives the configuration."""

    id: str
    """UUIDv7, so that ids sort by time. Also the x-request-id of the answer."""
    started_at: float
    """Seconds since the epoch."""
    key_id: int | None = None
    key_name: Text128 = ""
    client_address: Text64 = ""
    api_type: Text32
    requested_model: Text256 = ""
    alias: Text128 = ""
    alias_id: int | None = None
    provider: Text64 = ""
    """Of the upstream that is asked; in the end, that answered or was tried last. Empty when none was,
    unless one model was asked for by its own name and could not be asked: then it is that one's."""
    model: Text256 = ""
    target_id: int | None = None
    streamed: bool = False
    request_bytes: int = 0


class Begun(Asked, frozen=True, kw_only=True):
    """A request at the moment when its first upstream is asked: what is known of it if this process dies before its end."""

    url: Text2000
    asked_at: float
    """Seconds since the epoch."""


class Exchange(Asked, frozen=True, kw_only=True):
    """One client request and all that became of it."""

    outcome: Outcome
    status: int
    """What the client was told; 499 when it had gone."""
    error_code: Text64 = ""
    error: Text2000 = ""
    latency_ms: float
    first_byte_ms: float | None = None
    answer_bytes: int = 0
    finish_reason: Text64 = ""
    usage: Usage | None = None
    price: Price | None = None
    """The model's own price at that moment; None: the public price list."""
    left_out: Text4000 = ""
    """Targets that could not take it, with reasons, for the reader of the history."""
    attempts: tuple[Attempt, ...] = ()
