"""A stream on its way back: whole events, as they came, until it ends; and it never ends in silence.

Until it says something nothing of it goes to the client, so that whatever goes wrong before may be mended by another upstream: an
error as the first event, a stream that ends or breaks without a word, one that never begins. `open` reads so far.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING

import msgspec

from gateway.draft import Draft
from gateway.echoes import BLOT, without_echo
from gateway.errors import InternalError, ShuttingDown
from gateway.prepared import Prepared
from gateway.stream_ends import as_reported, of_silence, read_to_the_end
from history.records import Outcome
from providers.classifier import of_event
from providers.errors import (
    AnswerTooLarge,
    Disconnected,
    IdleTimeout,
    Incomplete,
    ProtocolError,
    TotalTimeout,
    UpstreamError,
)
from providers.verdict import Verdict, judge
from providers.wire.base import Call, MalformedStream
from providers.wire.openai_chat import Seen, StreamReader, error_event
from providers.wire.splice import replaced
from providers.wire.sse import EventSplitter, data_of, with_data

if TYPE_CHECKING:
    from gateway.runtime import Runtime
    from providers.client import UpstreamResponse

logger = logging.getLogger(__name__)
DONE_EVENT = b"data: [DONE]\n\n"
CLIENT_GONE_STATUS = 499
"""What history notes for a client that went away, as nginx does."""
HOLD_BACK_SECONDS = 1.0
HOLD_BACK_BYTES = 8 * 1024
"""Whoever sends roles and comments for longer, or more of them, is at work: its client should see that."""


class Relay:
    """One stream from an upstream to a client. Open it, iterate it once; close it with `aclose`, which may be called twice.

    Thousands are open at once, and each passes on hundreds of chunks: it holds little, and calls little for a chunk.
    """

    __slots__ = (
        *("_body", "_chunks", "_done_event", "_draft", "_held", "_holds_all", "_holds_since", "_pieces", "_reader"),
        *(
            "_is_open",
            "_reported",
            "_runtime",
            "_secrets",
            "_secrets_in_errors",
            "_shown_model",
            "_speaks",
            "_splitter",
        ),
        *("_status", "_upstream", "is_waiting"),
    )

    def __init__(
        self, response: UpstreamResponse, *, prepared: Prepared, call: Call, draft: Draft, runtime: Runtime
    ) -> None:
        route = draft.route
        # Not the response itself: its headers take 3 KB, and nobody asks for them any more.
        self._status = response.status_code
        self._body = response.stream
        self._chunks: AsyncIterator[bytes] = aiter(response.stream)
        self._upstream = prepared.name
        """provider/model, for the caller."""
        self._secrets, self._secrets_in_errors = prepared.secrets, prepared.secrets_in_errors
        """Blotted out where the upstream repeats them."""
        self._draft = draft
        self._runtime = runtime
        self._reader = StreamReader(wants_usage_chunk=call.wants_usage_chunk)
        self._splitter = EventSplitter()
        self._shown_model = (
            msgspec.json.encode(call.model) if route is not None and route.answers_as_requested else None
        )
        """The JSON string to put into every chunk's `model`; None leaves the upstream's."""
        self._holds_all = route is not None and route.holds_streams_back
        """Nothing goes to the client before all of it is here."""
        # Held back whole, ten thousand pieces would be copied ten thousand times.
        self._held: bytes | bytearray = bytearray() if self._holds_all else b""
        """What has come before the client was given anything."""
        self._speaks = False
        """It has said something."""
        self._is_open = False
        """What comes goes to the client."""
        self._holds_since = 0.0
        """When the first of it came; 0 while there is nothing."""
        self._done_event = DONE_EVENT
        self._reported: bytes | None = None
        """The event in which the upstream tells of an error."""
        self.is_waiting = False
        """For the upstream, not for the client."""
        self._pieces = self._relay()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces

    @property
    def sent_bytes(self) -> int:
        """So many have gone to the client."""
        return self._draft.answer_bytes

    async def aclose(self) -> None:
        """Let go of the upstream, and record the exchange as cancelled unless it had ended."""
        await self._pieces.aclose()
        await self._body.aclose()
        self._end(Outcome.CANCELLED, CLIENT_GONE_STATUS, code=self._draft.cancelled_code)

    def belongs_to(self, draft: Draft) -> None:
        """From now on that is where it notes what becomes of it."""
        self._draft = draft

    async def drop(self) -> None:
        """Let go of the upstream, since nobody wants this any more. Nothing is recorded."""
        await self._pieces.aclose()
        await self._body.aclose()

    def cut_off(self) -> bytes:
        """The event that ends it here because this process does."""
        why = ShuttingDown()
        self._end(Outcome.INTERRUPTED, self._status, code=why.code, error=why.message)
        return error_event(why.message, why.code)

    # Before the client is given anything

    async def open(self) -> None:
        """Read until it has something to say, or all of it. Raises UpstreamError: then nothing has gone to the client."""
        self._body.await_first()
        try:
            async for chunk in self._chunks:
                if piece := self._kept(chunk):
                    self._held += piece
                if self._reported is not None and (self._holds_all or not self._speaks):
                    raise of_event(self._reported, self._status)
                if self._reader.is_done:
                    break
                if self._is_enough():
                    self._is_open = True
                    return
            self._check_whole()
        except MalformedStream as exc:
            self._draft.forget_answer()
            raise ProtocolError(exc.message) from exc
        except UpstreamError as exc:
            if not self._is_whole_all_the_same(exc):
                self._draft.forget_answer()
                raise
        self._is_open = True

    def _is_enough(self) -> bool:
        """Whether the client is given what has come so far. Raises AnswerTooLarge."""
        if self._holds_all:
            if len(self._held) > self._runtime.max_answer_bytes:
                raise AnswerTooLarge(f"The stream is larger than {self._runtime.max_answer_bytes:,} bytes.")
            return False
        if self._speaks:
            return True
        if not self._held:
            return False
        now = self._runtime.clock()
        self._holds_since = self._holds_since or now
        if now - self._holds_since < HOLD_BACK_SECONDS and len(self._held) < HOLD_BACK_BYTES:
            return False
        self._body.is_said = True  # from now on silence counts, and not how long ago it was asked
        return True

    def _check_whole(self) -> None:
        """It has ended already. Raises UpstreamError where that was no answer."""
        reader, status = self._reader, self._status
        if not self._speaks:
            whole = bytes(self._held + self._done_event)
            if (failure := of_silence(reader, status, whole, self._draft.api_type)) is not None:
                raise failure
        elif not reader.is_complete:
            raise Incomplete("The upstream's stream ended before its answer was finished.")

    # From then on

    async def _relay(self) -> AsyncGenerator[bytes, None]:
        held, self._held = self._held, b""
        if held:
            if self._holds_all:
                self._draft.note_first_byte(self._runtime.clock())
            yield held if isinstance(held, bytes) else bytes(held)
        reader = self._reader
        self.is_waiting = True
        try:
            if self._reported is not None:
                raise as_reported(self._reported)
            if not reader.is_done:
                async for chunk in self._chunks:
                    if piece := self._kept(chunk):
                        self.is_waiting = False
                        yield piece
                        self.is_waiting = True
                    if self._reported is not None:
                        raise as_reported(self._reported)
                    if reader.is_done:
                        break
            ending = self._ending()
        except MalformedStream as exc:
            ending = self._broken(ProtocolError(exc.message))
        except UpstreamError as exc:
            ending = self._ending() if self._is_whole_all_the_same(exc) else self._broken(exc)
        except Exception:
            logger.exception("Request %s failed in the gateway, in the middle of its stream", self._draft.id)
            ending = self._failed()
        self.is_waiting = False
        yield ending
        await read_to_the_end(self._chunks)

    def _kept(self, chunk: bytes) -> bytes:
        """What the client gets of the events that `chunk` completes, at once. Raises MalformedStream."""
        kept = []
        for event in self._splitter.feed(chunk):
            seen = self._reader.feed(event)
            if seen is Seen.CONTENT:
                self._body.is_said = True
                if not self._speaks:
                    self._speak()
            elif seen is Seen.DONE:
                self._done_event = without_echo(event, self._secrets)
                break
            elif seen is Seen.ERROR:
                # Told of once what came before it in the same read is on its way.
                self._reported = without_echo(event, self._secrets_in_errors)
                break
            elif seen is Seen.HIDDEN:
                continue
            elif self._is_open and data_of(event) is not None:
                self._body.is_said = True
            kept.append(event if self._shown_model is None else self._renamed(event, self._shown_model))
        # No secret reaches across the line breaks between two events: it has been sent as a header.
        piece = b"".join(kept)
        for secret in self._secrets:
            if secret in piece:
                piece = piece.replace(secret, BLOT)
        self._draft.answer_bytes += len(piece)
        return piece

    def _speak(self) -> None:
        """Its first content has come."""
        self._speaks = True
        now = self._runtime.clock()
        self._draft.note_answer(now)
        if not self._holds_all:
            self._draft.note_first_byte(now)

    def _renamed(self, event: bytes, shown_model: bytes) -> bytes:
        data = data_of(event)
        if data is None:
            return event
        renamed = replaced(data, "model", shown_model)
        return event if renamed == data else with_data(event, renamed)

    def _ending(self) -> bytes:
        """The last event. The exchange is recorded before the client can know that it is over. Raises Incomplete."""
        if not self._reader.is_complete:
            raise Incomplete("The upstream's stream ended before its answer was finished.")
        self._end(Outcome.OK, self._status)
        return self._done_event

    def _is_whole_all_the_same(self, failure: UpstreamError) -> bool:
        """It broke off or fell silent when all of its answer was here, and only the `[DONE]` was not."""
        return isinstance(failure, Disconnected | IdleTimeout) and self._speaks and self._reader.is_complete

    def _broken(self, failure: UpstreamError) -> bytes:
        """The one error event that ends a broken stream: an end without it would pass for success."""
        failure.upstream = self._upstream
        meaning = failure if self._reported is None else of_event(self._reported)
        # A stream that had its full time was no fault of the upstream's.
        verdict = None if isinstance(failure, TotalTimeout) else judge(meaning)
        self._end(
            Outcome.INTERRUPTED,
            self._status,
            failure=failure,
            verdict=verdict,
            code=failure.code,
            error=failure.message,
        )
        return failure.body or error_event(failure.told, failure.code)

    def _failed(self) -> bytes:
        """The same where the fault is ours."""
        error = InternalError(self._draft.id)
        self._end(Outcome.FAILED, self._status, code=error.code)
        return error_event(error.message, error.code, error.type)

    def _end(
        self,
        outcome: Outcome,
        status: int,
        *,
        failure: UpstreamError | None = None,
        verdict: Verdict | None = None,
        code: str = "",
        error: str = "",
    ) -> None:
        draft, now = self._draft, self._runtime.clock()
        if draft.is_closed:
            return
        draft.usage = self._reader.usage
        draft.finish_reason = self._reader.finish_reason or ""
        draft.end_attempt(outcome, now, status=self._status, failure=failure, verdict=verdict)
        self._runtime.record(draft.close(outcome, status, now, code=code, error=error))
