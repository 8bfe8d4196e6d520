"""Any failure -> status and body in the caller's wire format.

    GatewayError                     status, code, type, param
    ├── CallerError                  the caller's: 4xx
    │   ├── InvalidRequest           400   code says what; param says where
    │   ├── UnsupportedApiType       400   unsupported_api_type
    │   ├── MalformedHTTP            400   malformed_http
    │   ├── Unauthorized             401   invalid_api_key
    │   ├── Forbidden                403
    │   │   ├── KeyBarred                  knows whose key it is
    │   │   │   ├── KeyDisabled            key_disabled
    │   │   │   └── KeyExpired             key_expired
    │   │   ├── MetricsForbidden           metrics_forbidden
    │   │   └── ModelNotAllowed            model_not_allowed
    │   ├── ModelNotFound            404   model_not_found
    │   ├── NotFound                 404   not_found
    │   ├── MethodNotAllowed         405   method_not_allowed
    │   ├── BodyTimeout              408   request_timeout
    │   ├── HeadTimeout              408   request_timeout
    │   ├── BodyTooLarge             413   request_too_large
    │   ├── URLTooLong               414   url_too_long
    │   ├── UnsupportedMediaType     415   unsupported_media_type
    │   └── HeadersTooLarge          431   headers_too_large
    └── OurError
        ├── NoEnabledTargets         503   no_enabled_targets
        ├── NobodyAvailable          503   upstreams_unavailable
        │   └── AllRateLimited       429   upstream_rate_limited
        ├── NotReady                 503   not_ready
        ├── Overloaded               503   overloaded
        ├── HistoryUnavailable       503   history_unavailable
        ├── ShuttingDown             503   gateway_shutdown
        └── InternalError            500   internal_error

Upstream failures have a tree of their own: providers/errors.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from providers.errors import UpstreamError
from providers.retry_after import told_seconds
from providers.verdict import judge
from providers.wire.base import MalformedCall
from providers.wire.openai_chat import error_body
from routing.route import Route

NEAR_MATCH_CHARACTERS = 64
NEAR_MATCH_NAMES = 100
MODELS_AT = "/v1/models"


def _listed(models_at: str) -> str:
    """`models_at`: the path of the list that this request could have been read from; empty where it would be empty."""
    return f" GET {models_at} lists the aliases that this key may use." if models_at else ""


class GatewayError(Exception):
    """A request that we answer ourselves, with an error."""

    status = 500
    code = "internal_error"
    type = "api_error"
    param: str | None = None

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class CallerError(GatewayError):
    """The caller can mend it."""

    status = 400
    type = "invalid_request_error"


class InvalidRequest(CallerError):
    """The body is not a request of this API."""

    def __init__(self, message: str, *, code: str, param: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.param = param

    @classmethod
    def from_malformed(cls, exc: MalformedCall) -> "InvalidRequest":
        return cls(exc.message, code=exc.code, param=exc.param)


class UnsupportedApiType(CallerError):
    """The name is good, and only for other endpoints. Not 503: SDKs would try again."""

    code = "unsupported_api_type"
    param = "model"

    def __init__(self, model: str, api_type: str, spoken: Sequence[str]) -> None:
        super().__init__(f"“{model}” does not do {api_type}; it does {' and '.join(spoken)}.")


class MalformedHTTP(CallerError):
    """Not even HTTP, or HTTP that two readers could take for two things."""

    code = "malformed_http"

    def __init__(self) -> None:
        super().__init__("This is not a valid HTTP/1.1 request.")


class Unauthorized(CallerError):
    """One body for a missing, malformed or unknown key: it tells a guesser nothing."""

    status = 401
    code = "invalid_api_key"
    type = "authentication_error"

    def __init__(self) -> None:
        super().__init__("No valid API key. Send “Authorization: Bearer sk-plx-…” with a key of this gateway.")


class Forbidden(CallerError):
    """The key is known, and may not do this."""

    status = 403
    code = "forbidden"
    type = "permission_error"


class KeyBarred(Forbidden):
    """The key was good once, so history can say whose it is."""

    reason = "may not be used"

    def __init__(self, key_id: int | None, key_name: str) -> None:
        super().__init__(f"This API key {self.reason}. Ask the administrator of the gateway for another.")
        self.key_id = key_id
        self.key_name = key_name


class KeyDisabled(KeyBarred):
    code = "key_disabled"
    reason = "is disabled"


class KeyExpired(KeyBarred):
    code = "key_expired"
    reason = "has expired"


class MetricsForbidden(Forbidden):
    """/metrics tells names and numbers that are not everybody's."""

    code = "metrics_forbidden"

    def __init__(self, cure: str) -> None:
        super().__init__(f"These figures are not for everybody. {cure}")


class ModelNotAllowed(Forbidden):
    code = "model_not_allowed"
    param = "model"

    def __init__(self, model: str, *, route: Route | None = None, models_at: str = MODELS_AT) -> None:
        """`route`: what the name means. The history says so, and the answer does not."""
        super().__init__(f"This API key may not use the model “{model}”.{_listed(models_at)}")
        self.route = route


class ModelNotFound(CallerError):
    """No such alias, synonym or provider/model."""

    status = 404
    code = "model_not_found"
    param = "model"

    def __init__(self, model: str, near: Sequence[str] = (), *, models_at: str = MODELS_AT) -> None:
        hint = _listed(models_at)
        if near:
            hint = f" Did you mean {' or '.join(f'“{name}”' for name in near)}?"
        super().__init__(f"The model “{model}” does not exist. Names are case-sensitive.{hint}")


class NotFound(CallerError):
    status = 404
    code = "not_found"

    def __init__(self, path: str) -> None:
        super().__init__(f"There is no endpoint at {path}. Others are GET /v1/models and POST /v1/chat/completions.")


class MethodNotAllowed(CallerError):
    status = 405
    code = "method_not_allowed"

    def __init__(self, method: str, allowed: str) -> None:
        super().__init__(f"{method} is not allowed here. Use {allowed}.")
        self.allowed = allowed


class BodyTimeout(CallerError):
    status = 408
    code = "request_timeout"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The request body did not arrive within {seconds:g} seconds.")


class HeadTimeout(CallerError):
    status = 408
    code = "request_timeout"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The request's headers did not arrive within {seconds:g} seconds.")


class BodyTooLarge(CallerError):
    status = 413
    code = "request_too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The request body is larger than {limit:,} bytes (PLEXUS_MAX_REQUEST_BYTES).")


class URLTooLong(CallerError):
    status = 414
    code = "url_too_long"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The URL is longer than {limit:,} bytes.")


class UnsupportedMediaType(CallerError):
    status = 415
    code = "unsupported_media_type"


class HeadersTooLarge(CallerError):
    status = 431
    code = "headers_too_large"

    def __init__(self, limit: int, most: int) -> None:
        super().__init__(f"The headers are larger than {limit:,} bytes, or more than {most}.")


class OurError(GatewayError):
    """Nothing the caller can mend."""


class NoEnabledTargets(OurError):
    status = 503
    code = "no_enabled_targets"
    param = "model"

    def __init__(self, model: str, left_out: Sequence[str] = (), *, is_direct: bool = False) -> None:
        """`left_out`: those that could not take it, as a caller may know them. `is_direct`: no alias was asked for."""
        reasons = f" Left out: {'; '.join(left_out)}." if left_out else ""
        cure = (
            "See to it under Providers."
            if is_direct
            else "Its “Test route”, under Routing › Aliases, says what each one lacks."
        )
        super().__init__(f"No enabled targets for “{model}”.{reasons} {cure}")


class NobodyAvailable(OurError):
    """Everybody who could take it is left alone at the moment: told at once, since asking could not help."""

    status = 503
    code = "upstreams_unavailable"
    param = "model"

    def __init__(self, model: str, left_out: Sequence[str], *, retry_after_seconds: int | None) -> None:
        """`left_out`: who is left alone, and why, as a caller may know it."""
        super().__init__(f"Nobody can take a request for “{model}” at the moment: {'; '.join(left_out)}.")
        self.retry_after_seconds = retry_after_seconds


class AllRateLimited(NobodyAvailable):
    """All of them have asked us to wait."""

    status = 429
    code = "upstream_rate_limited"
    type = "rate_limit_error"


class NotReady(OurError):
    status = 503
    code = "not_ready"

    def __init__(self) -> None:
        super().__init__("The gateway has not loaded its configuration yet. Try again in a moment.")


class Overloaded(OurError):
    """We have more to do than we can hold: better said at once than after running out of memory."""

    status = 503
    code = "overloaded"

    def __init__(self, why: str, *, retry_after_seconds: int) -> None:
        super().__init__(f"{why} Try again in a moment.")
        self.retry_after_seconds = retry_after_seconds


class HistoryUnavailable(OurError):
    """The operator rather refuses than serves what cannot be recorded."""

    status = 503
    code = "history_unavailable"

    def __init__(self) -> None:
        super().__init__(
            "The gateway cannot record requests now, so it serves none (PLEXUS_JOURNAL_STRICT). Try again later."
        )


class ShuttingDown(OurError):
    """The process ends, and the time for ending what runs is over."""

    status = 503
    code = "gateway_shutdown"

    def __init__(self) -> None:
        super().__init__("The gateway is being restarted and could not finish this answer. Send the request again.")


class InternalError(OurError):
    def __init__(self, request_id: str) -> None:
        super().__init__(f"Something went wrong in the gateway. Its log has the details under request {request_id}.")


def near_matches(model: str, names: Sequence[str]) -> list[str]:
    """At most three names that look like `model`. `names`: those that the caller may see.

    Likeness costs the product of two lengths, while every other request waits: long names have no likeness, and of many
    names only those of the likeliest lengths are compared.
    """
    length = len(model)
    if length > NEAR_MATCH_CHARACTERS:
        return []
    lowered = {name.lower(): name for name in names if len(name) <= NEAR_MATCH_CHARACTERS}
    compared = sorted(lowered, key=lambda name: abs(len(name) - length))[:NEAR_MATCH_NAMES]
    return [lowered[name] for name in get_close_matches(model.lower(), compared, n=3, cutoff=0.6)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """An error as it goes to the client."""

    status: int
    body: bytes
    content_type: str
    headers: Mapping[str, str]


def rendered(exc: GatewayError | UpstreamError) -> Rendered:
    """Any failure in OpenAI's shape; what is the caller's business comes as the upstream wrote it."""
    headers = {}
    if isinstance(exc, UpstreamError):
        if exc.retry_after_seconds is not None:
            headers["retry-after"] = str(told_seconds([exc.retry_after_seconds]))
        if judge(exc).should_retry is False:
            headers["x-should-retry"] = "false"
        if exc.passes_through and exc.body:
            return Rendered(status=exc.status, body=exc.body, content_type=exc.content_type, headers=headers)
        body = error_body(exc.told, "upstream_error", None, exc.code)
    else:
        body = error_body(exc.message, exc.type, exc.param, exc.code)
        if isinstance(exc, Unauthorized):
            headers["www-authenticate"] = "Bearer"
        if isinstance(exc, MethodNotAllowed):
            headers["allow"] = exc.allowed
        if isinstance(exc, BodyTimeout):
            headers["connection"] = "close"  # else its client could go on trickling for ever
        if isinstance(exc, NobodyAvailable) and exc.retry_after_seconds is not None:
            headers["retry-after"] = str(exc.retry_after_seconds)
        if isinstance(exc, Overloaded):
            # The second is OpenAI's word to its SDKs: they need not guess whether it is worth it.
            headers |= {"retry-after": str(exc.retry_after_seconds), "x-should-retry": "true"}
    return Rendered(status=exc.status, body=body, content_type="application/json", headers=headers)
