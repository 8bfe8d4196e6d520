"""What clients saw, what the upstream saw, what the database holds: three stories about the same requests, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID


class Ending(StrEnum):
    """How a request ended for its client."""

    WHOLE = "whole"
    """A whole answer, with whatever status."""
    FINISHED = "finished"
    """A stream to its end: it said so."""
    TOLD = "told"
    """A stream that broke, and ended with an event that said so."""
    SILENT = "silent"
    """A stream that ended in good order without a word: its client takes it for whole. Must not be."""
    LEFT = "left"
    """The client went away, as it was told to."""
    CUT = "cut"
    """The connection was refused or broke, or nothing came: somebody had just been killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One request as it was sent."""

    number: int
    key: str
    """The name of its key; empty: a key that nobody made, whose requests leave no row."""
    model: str
    """What the row has as `requested_model`: empty where the body is not readable."""
    size: int
    """Bytes of the body. No two errands have key, model and size in common, and the row keeps all three."""
    input_tokens: int
    output_tokens: int
    """What the upstream says that it used, if it is asked and answers."""

    @property
    def mark(self) -> Mark:
        return (self.key, self.model, self.size)


Mark = tuple[str, str, int]
"""key, model, bytes: by it a row is recognised, also that of a request whose client never learnt its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the client of an errand saw."""

    number: int
    began_at: float
    """Seconds since the epoch, as all times here."""
    ended_at: float
    ending: Ending
    status: int | None = None
    """None: no head of an answer came."""
    request_id: UUID | None = None
    """Of the head."""
    head_ms: float | None = None
    """From sending to the head of the answer."""
    why: str = ""
    """The error that it was told, or met."""
    retry_after: str = ""
    """When to come back, as the head says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """The upstream was asked."""

    number: int
    """Of the errand."""
    provider: str
    """By the address at which it was asked."""
    model: str
    at: float
    is_hung_up_on: bool = False
    """It was asked for this: to close the connection without a byte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """Of RequestLog."""

    id: UUID
    started_at: datetime
    key_name: str
    requested_model: str
    request_bytes: int
    alias: str
    provider: str
    model: str
    target_id: int | None
    outcome: str
    status: int
    error_code: str
    latency_ms: float
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: Decimal | None
    attempt_count: int

    @property
    def mark(self) -> Mark:
        return (self.key_name, self.requested_model, self.request_bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """Of AttemptLog."""

    request_id: UUID
    number: int
    provider: str
    model: str
    target_id: int | None
    started_at: datetime
    status: int | None
    outcome: str
    condition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatRow:
    """Of TargetStat, as far as it is held against the rows."""

    resolution: str
    bucket_start: datetime
    alias: str
    provider: str
    model: str
    target_id: int
    requests: int = 0
    errors: int = 0
    refused: int = 0
    cancelled: int = 0
    attempts: int = 0
    attempt_failures: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    latency_ms_sum: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """A part was killed with -9."""

    at: float
    part: str
    process: int


@dataclass(slots=True, kw_only=True)
class Evidence:
    """All that is known after a run."""

    errands: dict[int, Errand] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    requests: list[RequestRow] = field(default_factory=list)
    attempts: list[AttemptRow] = field(default_factory=list)
    statistics: list[StatRow] = field(default_factory=list)
    kills: list[Kill] = field(default_factory=list)
    prices: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    """Model -> US dollars per million tokens, in and out."""
