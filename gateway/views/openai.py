"""OpenAI's API: chat completions, completions, embeddings."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, ClassVar

from rest_framework.request import Request

from gateway import runtime
from gateway.draft import Draft
from gateway.errors import KeyBarred, UnsupportedMediaType
from gateway.exchange import Reply, answer, failure_way, record_barred
from gateway.views.base import GatewayView
from gateway.views.ready import JSON, ReadyResponse, ReadyStream

if TYPE_CHECKING:
    from gateway.asgi import GatewayRequest

JSON_TYPE = JSON.encode()
FORWARDED_HEADERS = (b"accept", b"openai-beta", b"traceparent", b"tracestate")
"""Of the caller's headers these alone reach a provider: no credentials, no cookies, nothing hop by hop."""


class Completion(GatewayView):
    """POST a request for a model; get its answer, whole or as a stream."""

    api_type: ClassVar[str]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        asked: GatewayRequest = request._request  # type: ignore[assignment]  # these paths have no other requests
        self.draft = Draft(
            id=self.request_id,
            began=asked.began,
            api_type=self.api_type,
            client_address=asked.client_address,
            entrance=asked.entrance,
        )
        super().initial(request, *args, **kwargs)

    async def post(self, request: Request) -> ReadyResponse:
        asked: GatewayRequest = request._request  # type: ignore[assignment]  # as above
        present = runtime.current()

        def read() -> Awaitable[bytes]:
            if not asked.is_plainly(JSON_TYPE):
                check_content(asked)
            return asked.read(present.newcomers)

        forwarded = asked.pairs_of(FORWARDED_HEADERS)
        return respond(await answer(request.user, read, forwarded, self.draft, present, asked.pairs_of))  # type: ignore[arg-type]  # our own authenticator

    def handle_exception(self, exc: Exception) -> ReadyResponse:  # type: ignore[override]  # as in GatewayView
        if isinstance(exc, KeyBarred):
            record_barred(exc, self.draft, runtime.current())
        response = super().handle_exception(exc)
        response.header_pairs += failure_way(self.draft)
        return response


class ChatCompletions(Completion):
    api_type = "chat"


class Completions(Completion):
    api_type = "completions"


class Embeddings(Completion):
    api_type = "embeddings"


SERVED_API_TYPES = [view.api_type for view in (ChatCompletions, Completions, Embeddings)]
"""What clients can ask for. A provider may speak more."""


def check_content(request: GatewayRequest) -> None:
    """Raise UnsupportedMediaType for anything but plain JSON."""
    content_type = "".join(request.values_of(b"content-type")[:1])
    if content_type != JSON and content_type.partition(";")[0].strip().lower() != JSON:
        raise UnsupportedMediaType("Send the body as JSON, with “Content-Type: application/json”.")
    for encoding in request.values_of(b"content-encoding"):
        if encoding.strip().lower() not in ("", "identity"):
            raise UnsupportedMediaType("Send the body as it is, without a Content-Encoding.")


STREAM_HEADERS = (
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),  # nginx in front of us would hold the stream back
)


def respond(reply: Reply) -> ReadyResponse:
    """A Reply as Django knows it."""
    # What an upstream calls its answer has passed an HTTP parser, which lets no line break through.
    content_type = (b"content-type", reply.content_type.encode("latin-1", "replace"))
    body = reply.body
    if isinstance(body, bytes):
        length = (b"content-length", b"%d" % len(body))
        return ReadyResponse(reply.status, [content_type, length, *reply.way], body)
    return ReadyStream(reply.status, [content_type, *STREAM_HEADERS, *reply.way], body)
