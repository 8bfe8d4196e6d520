"""What every endpoint shares: an async DRF view, thin, with who may call it and how it says no."""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from gateway import runtime
from gateway.access.keyring import Caller
from gateway.errors import GatewayError, InternalError, MethodNotAllowed, NotFound, Unauthorized, rendered
from history.ids import RANDOM_BITS, new_id
from providers.errors import UpstreamError

if TYPE_CHECKING:
    from gateway.asgi import GatewayRequest

logger = logging.getLogger(__name__)
REQUEST_ID = "x-request-id"
KEY_HEADERS = (b"x-api-key", b"api-key")


class Stream(StreamingHttpResponse):
    """A response whose pieces are sent as they come: Django would wrap the iterator three times over."""

    def __init__(self, source: Any, **kwargs: Any) -> None:  # Any: a Relay; Django's own arguments
        super().__init__(**kwargs)
        self.source = source


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer …`, `x-api-key` or `api-key`; the same key in several is one key, different ones are none."""

    def authenticate(self, request: Request) -> tuple[Caller, None]:
        """Raises Unauthorized, KeyDisabled or KeyExpired."""
        tokens = set(_tokens(request._request))  # type: ignore[arg-type]  # these paths have no other requests
        if len(tokens) != 1:
            raise Unauthorized()
        present = runtime.current()
        return present.keys.admit(tokens.pop(), now=present.now().epoch), None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _tokens(request: GatewayRequest) -> list[str]:
    tokens = [value for name in KEY_HEADERS for value in request.values_of(name)]
    for value in request.values_of(b"authorization"):
        scheme, _, token = value.partition(" ")
        tokens.append(token.strip() if scheme.lower() == "bearer" else "")
    return tokens


class IsCaller(BasePermission):
    """Somebody with a key."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, Caller)


AUTHENTICATORS = (KeyAuthentication(),)
PERMISSIONS = (IsCaller(),)


class GatewayView(APIView):
    """A DRF view without what costs: the parts are shared and stateless, the body is raw, the answer is ready bytes."""

    view_is_async = True  # DRF's own `options` is not, which would stop Django from finding out by itself

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        # No negotiation: an answer is JSON or a stream because the body says so, whatever `Accept` says.
        return Request(request, parsers=(), authenticators=AUTHENTICATORS, parser_context={})

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.perform_authentication(request)
        self.check_permissions(request)

    def get_permissions(self) -> Any:
        return PERMISSIONS

    async def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        """DRF's own, with an await: authentication and permissions, the handler, one place for every exception."""
        self.began = began = runtime.moment()
        self.request_id = new_id(began.epoch, random.getrandbits(RANDOM_BITS))
        try:
            self.request = asked = self.initialize_request(request, *args, **kwargs)
            self.initial(asked, *args, **kwargs)
            handler = getattr(self, (request.method or "").lower(), None)
            if handler is None or request.method not in self.allowed_methods:
                raise MethodNotAllowed(str(request.method), ", ".join(self.allowed_methods))
            response: HttpResponseBase = await handler(asked, *args, **kwargs)
        except Exception as exc:  # noqa: BLE001  whatever it is, the caller gets an answer in the API's own format
            response = self.handle_exception(exc)
        response.headers[REQUEST_ID] = self.request_id
        return response

    @property
    def allowed_methods(self) -> list[str]:
        return [method for method in ("GET", "POST") if hasattr(self, method.lower())]

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]  # no renderers: ready bytes
        """Any failure, in the caller's own format. A traceback goes to the log and nowhere else."""
        if not isinstance(exc, GatewayError | UpstreamError):
            logger.error("Request %s failed in the gateway", self.request_id, exc_info=exc)
            exc = InternalError(self.request_id)
        return failed(exc)


def failed(exc: GatewayError | UpstreamError) -> HttpResponse:
    """The answer for a failure."""
    error = rendered(exc)
    return ready(error.body, status=error.status, content_type=error.content_type, headers=error.headers)


def ready(
    body: bytes, *, status: int = 200, content_type: str = "application/json", headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """A response of bytes that are ready to be sent."""
    response = HttpResponse(body, status=status, content_type=content_type)
    response.headers["content-length"] = str(len(body))
    for name, value in (headers or {}).items():
        response.headers[name] = value
    return response


def nothing_here(request: HttpRequest) -> HttpResponse:
    """404 for a path that is no endpoint."""
    response = failed(NotFound(request.path))
    began = runtime.moment()
    response.headers[REQUEST_ID] = new_id(began.epoch, random.getrandbits(RANDOM_BITS))
    return response
