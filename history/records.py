"""What happened, as values: one Exchange per client request, with one Attempt per try at an upstream."""

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from providers.pricing import Price, Usage


class Outcome(StrEnum):
    """How it ended."""

    OK = "ok"
    """Answered, to the end."""
    REFUSED = "refused"
    """We said no before any upstream was asked: bad input, wrong key, unknown model, nobody enabled."""
    FAILED = "failed"
    """No upstream gave an answer that the caller could use."""
    CANCELLED = "cancelled"
    """The client went away before the end."""
    INTERRUPTED = "interrupted"
    """The answer broke off after its first content had gone to the client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at one upstream."""

    number: int
    """From 1."""
    target_id: int | None
    provider: str
    model: str
    url: str
    started_at: float
    """Seconds since the epoch."""
    latency_ms: float
    first_byte_ms: float | None = None
    status: int | None = None
    """What the upstream answered; None when it answered nothing."""
    outcome: Outcome
    condition: str = ""
    """The name of the failure: connection, timeout, rate_limited, …; empty when there was none."""
    error: str = ""
    upstream_request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One client request and all that became of it. Copies of names, so that it outlives the configuration."""

    id: str
    """UUIDv7, so that ids sort by time. Also the x-request-id of the answer."""
    started_at: float
    """Seconds since the epoch."""
    key_id: int | None = None
    key_name: str = ""
    client_address: str = ""
    api_type: str
    requested_model: str = ""
    alias: str = ""
    alias_id: int | None = None
    provider: str = ""
    """Of the upstream that answered, or that was tried last; empty when none was."""
    model: str = ""
    target_id: int | None = None
    streamed: bool = False
    outcome: Outcome
    status: int
    """What the client was told; 499 when it had gone."""
    error_code: str = ""
    error: str = ""
    latency_ms: float
    first_byte_ms: float | None = None
    request_bytes: int = 0
    answer_bytes: int = 0
    finish_reason: str = ""
    usage: Usage | None = None
    price: Price | None = None
    """The model's own price at that moment; None: the public price list."""
    left_out: str = ""
    """Targets that could not take it, with reasons, for the reader of the history."""
    attempts: tuple[Attempt, ...] = ()


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """A request at the moment when its first upstream is asked: what is known of it if this process dies before its end.

    A Struct, as one is made for every request: a frozen dataclass of this many fields costs four times as much.
    """

    id: str
    started_at: float
    """Seconds since the epoch."""
    key_id: int | None = None
    key_name: str = ""
    client_address: str = ""
    api_type: str
    requested_model: str = ""
    alias: str = ""
    alias_id: int | None = None
    streamed: bool = False
    request_bytes: int = 0
    provider: str = ""
    """Of the upstream that is asked, like the rest."""
    model: str = ""
    target_id: int | None = None
    url: str = ""
    asked_at: float = 0.0
