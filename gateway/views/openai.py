"""OpenAI's API: chat completions, completions, embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from gateway import runtime
from gateway.draft import Draft
from gateway.errors import KeyBarred, UnsupportedMediaType
from gateway.exchange import Reply, answer, failure_headers, record_barred
from gateway.prepared import HeaderList
from gateway.relay import Relay
from gateway.views.base import GatewayView, Stream, ready

if TYPE_CHECKING:
    from gateway.asgi import GatewayRequest

FORWARDED_HEADERS = (b"accept", b"openai-beta", b"traceparent", b"tracestate")
"""Of the caller's headers these alone reach a provider: no credentials, no cookies, nothing hop by hop."""


class Completion(GatewayView):
    """POST a request for a model; get its answer, whole or as a stream."""

    api_type: ClassVar[str]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        asked: GatewayRequest = request._request  # type: ignore[assignment]  # these paths have no other requests
        self.draft = Draft(
            id=self.request_id, began=self.began, api_type=self.api_type, client_address=asked.client_address
        )
        super().initial(request, *args, **kwargs)

    async def post(self, request: Request) -> HttpResponseBase:
        asked: GatewayRequest = request._request  # type: ignore[assignment]  # as above

        async def read() -> bytes:
            check_content(asked)
            return await asked.read()

        return respond(await answer(request.user, read, forwarded(asked), self.draft, runtime.current()))  # type: ignore[arg-type]  # our own authenticator

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]  # as in GatewayView
        if isinstance(exc, KeyBarred):
            record_barred(exc, self.draft, runtime.current())
        response = super().handle_exception(exc)
        for name, value in failure_headers(self.draft).items():
            response.headers[name] = value
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
    content_type = next(iter(request.values_of(b"content-type")), "")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise UnsupportedMediaType("Send the body as JSON, with “Content-Type: application/json”.")
    encodings = [value.strip().lower() for value in request.values_of(b"content-encoding")]
    if any(encoding not in ("", "identity") for encoding in encodings):
        raise UnsupportedMediaType("Send the body as it is, without a Content-Encoding.")


def forwarded(request: GatewayRequest) -> HeaderList:
    """The caller's headers that go on to a provider."""
    headers: HeaderList = request.scope["headers"]
    return [(name, value) for name, value in headers if name in FORWARDED_HEADERS]


def respond(reply: Reply) -> HttpResponseBase:
    """A Reply as Django knows it."""
    if isinstance(reply.body, Relay):
        response = Stream(reply.body, status=reply.status, content_type=reply.content_type)
        response.headers["cache-control"] = "no-cache"
        response.headers["x-accel-buffering"] = "no"  # nginx in front of us would hold the stream back
        for name, value in reply.headers.items():
            response.headers[name] = value
        return response
    return ready(reply.body, status=reply.status, content_type=reply.content_type, headers=reply.headers)
