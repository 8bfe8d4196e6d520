"""A stream on its way back: whole events, as they came, until it ends; and it never ends in silence."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING

from gateway.attempts import LEAST_SECRET_BYTES, Streaming, without_secret
from gateway.draft import Draft
from gateway.errors import InternalError, ShuttingDown
from history.records import Outcome
from providers.errors import Incomplete, ProtocolError, UpstreamError, UpstreamServerError
from providers.wire.base import MalformedStream
from providers.wire.openai_chat import Seen, StreamReader, error_event, read_error
from providers.wire.splice import replaced
from providers.wire.sse import EventSplitter, data_of, with_data

if TYPE_CHECKING:
    from gateway.runtime import Runtime

logger = logging.getLogger(__name__)
DONE_EVENT = b"data: [DONE]\n\n"
CLIENT_GONE_STATUS = 499
"""What history notes for a client that went away, as nginx does."""
END_OF_BODY_SECONDS = 0.05
"""How long we wait after `[DONE]` for the end of the HTTP body, so that the connection can serve the next request."""


class Relay:
    """One stream from an upstream to a client. Iterate it once; close it with `aclose`, which may be called twice.

    Thousands are open at once, and each passes on hundreds of chunks: it holds little, and calls little for a chunk.
    """

    __slots__ = (
        "_done_event",
        "_draft",
        "_pieces",
        "_reader",
        "_reported",
        "_runtime",
        "_secret",
        "_shown_model",
        "_splitter",
        "_streaming",
        "_upstream",
    )

    def __init__(
        self,
        streaming: Streaming,
        *,
        upstream: str,
        credential: bytes,
        draft: Draft,
        runtime: Runtime,
        wants_usage_chunk: bool,
        shown_model: bytes | None,
    ) -> None:
        self._streaming = streaming
        self._upstream = upstream
        """provider/model, for the caller."""
        self._secret = credential if len(credential) >= LEAST_SECRET_BYTES else b""
        """Blotted out where the upstream repeats it."""
        self._draft = draft
        self._runtime = runtime
        self._reader = StreamReader(wants_usage_chunk=wants_usage_chunk)
        self._splitter = EventSplitter()
        self._shown_model = shown_model
        """The JSON string to put into every chunk's `model`; None leaves the upstream's."""
        self._done_event = DONE_EVENT
        self._reported: UpstreamServerError | None = None
        """The error that the upstream told of in its stream; `body` is the event with it, if clients know its shape."""
        self._pieces = self._relay()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces

    async def aclose(self) -> None:
        """Let go of the upstream, and record the exchange as cancelled unless it had ended."""
        await self._pieces.aclose()
        await self._streaming.response.aclose()
        self._end(Outcome.CANCELLED, CLIENT_GONE_STATUS, code=self._draft.cancelled_code)

    def cut_off(self) -> bytes:
        """The event that ends it here because this process does."""
        why = ShuttingDown()
        self._end(Outcome.INTERRUPTED, self._streaming.status, code=why.code, error=why.message)
        return error_event(why.message, why.code)

    async def _relay(self) -> AsyncGenerator[bytes, None]:
        chunks = self._streaming.chunks()
        try:
            async for chunk in chunks:
                if piece := self._kept(chunk):
                    yield piece
                if self._reported is not None:
                    raise self._reported
                if self._reader.is_done:
                    break
            ending = self._ending()
        except MalformedStream as exc:
            ending = self._broken(ProtocolError(exc.message))
        except UpstreamError as exc:
            ending = self._broken(exc)
        except Exception:
            logger.exception("Request %s failed in the gateway, in the middle of its stream", self._draft.id)
            ending = self._failed()
        yield ending
        await _read_to_the_end(chunks)

    def _kept(self, chunk: bytes) -> bytes:
        """What the client gets of the events that `chunk` completes, at once. Raises MalformedStream."""
        kept = []
        for event in self._splitter.feed(chunk):
            seen = self._reader.feed(event)
            if seen is Seen.DONE:
                self._done_event = without_secret(event, self._secret)
                break
            if seen is Seen.ERROR:
                # Raised once what came before it in the same read is on its way.
                self._reported = _reported(without_secret(event, self._secret))
                break
            if seen is Seen.HIDDEN:
                continue
            if seen is Seen.CONTENT and self._draft.first_byte_ms is None:
                self._draft.note_first_byte(self._runtime.now())
            kept.append(event if self._shown_model is None else self._renamed(event, self._shown_model))
        # No secret reaches across the line breaks between two events: it has been sent as a header.
        piece = b"".join(kept)
        if self._secret in piece:
            piece = without_secret(piece, self._secret)
        self._draft.answer_bytes += len(piece)
        return piece

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
        self._end(Outcome.OK, self._streaming.status)
        return self._done_event

    def _broken(self, failure: UpstreamError) -> bytes:
        """The one error event that ends a broken stream: an end without it would pass for success."""
        failure.upstream = self._upstream
        status = self._streaming.status
        self._end(Outcome.INTERRUPTED, status, failure=failure, code=failure.code, error=failure.message)
        return failure.body or error_event(failure.told, failure.code)

    def _failed(self) -> bytes:
        """The same where the fault is ours."""
        error = InternalError(self._draft.id)
        self._end(Outcome.FAILED, self._streaming.status, code=error.code)
        return error_event(error.message, error.code, error.type)

    def _end(
        self, outcome: Outcome, status: int, *, failure: UpstreamError | None = None, code: str = "", error: str = ""
    ) -> None:
        draft, now = self._draft, self._runtime.now()
        if draft.is_closed:
            return
        draft.usage = self._reader.usage
        draft.finish_reason = self._reader.finish_reason or ""
        draft.end_attempt(outcome, now, status=self._streaming.status, failure=failure)
        self._runtime.record(draft.close(outcome, status, now, code=code, error=error))


def _reported(event: bytes) -> UpstreamServerError:
    """What the upstream says of its own error."""
    error = read_error(event)
    said = f": {error}" if str(error) else "."
    return UpstreamServerError(
        f"The upstream reported an error in its stream{said}", body=event if error.is_openais else b""
    )


async def _read_to_the_end(chunks: AsyncIterator[bytes]) -> None:
    try:
        async with asyncio.timeout(END_OF_BODY_SECONDS):
            async for _ in chunks:
                pass
    except (TimeoutError, UpstreamError):
        pass
