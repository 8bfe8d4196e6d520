"""What an upstream answered: all of it, or a stream that has begun."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.prepared import Prepared
from routing.step import Step

if TYPE_CHECKING:
    from gateway.relay import Relay


class Whole(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An answer that is all here."""

    status: int
    content_type: str
    body: bytes
    code: str = ""
    """For the history, where it is no answer that one would wish for."""


class Streaming(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An answer that is on its way. Whoever holds it closes its relay."""

    status: int
    content_type: str
    relay: Relay


class Answered(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Which upstream answered, and what."""

    step: Step
    prepared: Prepared
    answer: Whole | Streaming
