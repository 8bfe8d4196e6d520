"""What every endpoint shares: an async DRF view, thin, with who may call it and how it says no."""

from __future__ import annotations

import logging
import random
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.request import Empty, Request
from rest_framework.views import APIView

from gateway import runtime
from gateway.access.keyring import Caller
from gateway.errors import GatewayError, InternalError, MethodNotAllowed, NotFound, Unauthorized, rendered
from gateway.views.ready import ReadyResponse, ready
from history.ids import RANDOM_BITS, new_id
from providers.errors import UpstreamError

if TYPE_CHECKING:
    from gateway.asgi import GatewayRequest

logger = logging.getLogger(__name__)
REQUEST_ID = b"x-request-id"
KEY_HEADERS = (b"authorization", b"x-api-key", b"api-key")
METHODS = ("GET", "POST")


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer …`, `x-api-key` or `api-key`; the same key in several is one key, different ones are none."""

    def authenticate(self, request: Request) -> tuple[Caller, None]:
        """Raises Unauthorized, KeyDisabled or KeyExpired."""
        asked: GatewayRequest = request._request  # type: ignore[assignment]  # these paths have no other requests
        pairs = asked.pairs_of(KEY_HEADERS)
        if len(pairs) != 1 and len({_token(*pair) for pair in pairs}) != 1:
            raise Unauthorized()
        return runtime.current().keys.admit(_token(*pairs[0]), now=asked.began.epoch), None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _token(header: bytes, value: bytes) -> str:
    """The key in one of KEY_HEADERS; empty where there is none."""
    token = value.decode("latin-1")
    if header != b"authorization":
        return token
    scheme, _, rest = token.partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else ""


class IsCaller(BasePermission):
    """Somebody with a key."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, Caller)


PERMISSIONS = (IsCaller(),)


class BareRequest(Request):
    """DRF's request, set up for who asks and for nothing else: what would parse its body is shared, and never asked.

    No negotiation: an answer is JSON or a stream because the body says so, whatever `Accept` says.
    """

    # What Request.__init__ would give to each one; a test compares.
    parsers = ()
    authenticators = (KeyAuthentication(),)
    negotiator = DefaultContentNegotiation()
    parser_context: dict[str, Any] = {}
    # DRF's properties look each time whether authentication has run; here it has, first of all.
    user: Any = None
    auth: Any = None
    _data = _files = _full_data = _content_type = _stream = Empty  # type: ignore[assignment]  # as DRF has it

    def __init__(self, request: HttpRequest) -> None:
        self._request = request


class GatewayView(APIView):
    """A DRF view without what costs: the parts are shared and stateless, the body is raw, the answer is ready bytes."""

    view_is_async = True  # DRF's own `options` is not, which would stop Django from finding out by itself
    request_id: str

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        # Bare of what marks it as exempt from CSRF checks: no middleware looks for that here, and it is one more await.
        return super().as_view(**initkwargs).__wrapped__  # type: ignore[attr-defined]  # functools.wraps sets it

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        # Django's own, without the look for a `get` that `head` could be: METHODS says what there is.
        self.request = request  # type: ignore[assignment]  # until dispatch makes DRF's of it
        self.args = args
        self.kwargs = kwargs

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # What `request.user` calls; that property first looks for an attribute which cannot be there yet, for 5 µs.
        request._authenticate()  # type: ignore[attr-defined]  # the stubs leave it out
        self.check_permissions(request)

    def get_permissions(self) -> Any:
        return PERMISSIONS

    async def dispatch(self, request: GatewayRequest, *args: Any, **kwargs: Any) -> ReadyResponse:  # type: ignore[override]
        """DRF's own, with an await: authentication and permissions, the handler, one place for every exception."""
        self.request_id = request_id = new_id(request.began.epoch, random.getrandbits(RANDOM_BITS))
        try:
            self.request = asked = BareRequest(request)
            self.initial(asked, *args, **kwargs)
            method = str(request.method)
            handler = getattr(self, method.lower(), None) if method in METHODS else None
            if handler is None:
                raise MethodNotAllowed(method, ", ".join(self.allowed_methods))
            response: ReadyResponse = await handler(asked, *args, **kwargs)
        except Exception as exc:  # noqa: BLE001  whatever it is, the caller gets an answer in the API's own format
            response = self.handle_exception(exc)
        response.header_pairs.append((REQUEST_ID, request_id.encode("ascii")))
        return response

    @property
    def allowed_methods(self) -> list[str]:
        return [method for method in METHODS if hasattr(self, method.lower())]

    def handle_exception(self, exc: Exception) -> ReadyResponse:  # type: ignore[override]  # no renderers: ready bytes
        """Any failure, in the caller's own format. A traceback goes to the log and nowhere else."""
        if not isinstance(exc, GatewayError | UpstreamError):
            logger.error("Request %s failed in the gateway", self.request_id, exc_info=exc)
            exc = InternalError(self.request_id)
        return failed(exc)


def failed(exc: GatewayError | UpstreamError) -> ReadyResponse:
    """The answer for a failure."""
    error = rendered(exc)
    return ready(error.body, status=error.status, content_type=error.content_type, headers=error.headers)


async def nothing_here(request: GatewayRequest) -> ReadyResponse:
    """404 for a path that is no endpoint."""
    response = failed(NotFound(request.path))
    response.header_pairs.append(
        (REQUEST_ID, new_id(request.began.epoch, random.getrandbits(RANDOM_BITS)).encode("ascii"))
    )
    return response
