"""How a stream may end, but for well: what that means, and what is done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from providers.classifier import of_silent_stream
from providers.errors import EmptyAnswer, UpstreamError, UpstreamServerError
from providers.wire.openai_chat import StreamReader, read_error

END_OF_BODY_SECONDS = 0.05
"""How long we wait after `[DONE]` for the end of the HTTP body, so that the connection can serve the next request."""


def of_silence(reader: StreamReader, status: int, whole: bytes, api_type: str) -> UpstreamError | None:
    """What a stream means that ended without a word; None where that is an answer. `whole`: all of it, for a caller."""
    failure = of_silent_stream(reader.finish_reason, status)
    if isinstance(failure, EmptyAnswer):
        if api_type != "chat":
            return None  # nothing may be all there is to insert
        failure.body, failure.content_type, failure.usage = whole, "text/event-stream", reader.usage
    return failure


def as_reported(event: bytes) -> UpstreamServerError:
    """What the upstream says of its own error, in the middle of a stream."""
    error = read_error(event)
    said = f": {error}" if str(error) else "."
    return UpstreamServerError(
        f"The upstream reported an error in its stream{said}", body=event if error.is_openais else b""
    )


async def read_to_the_end(chunks: AsyncIterator[bytes]) -> None:
    """Let the connection be kept."""
    try:
        async with asyncio.timeout(END_OF_BODY_SECONDS):
            async for _ in chunks:
                pass
    except (TimeoutError, UpstreamError):
        pass
