"""What can be wrong with a request, and how it is told: one shape everywhere, RFC 9457's application/problem+json.

    APIException
    └── Problem                       status, code, title; `errors`, `changes` and `breaks` where there are any
        ├── Refused              400  what was sent breaks a rule; `errors` says where
        ├── UnknownParameter     400  a query parameter that nobody reads
        ├── InUse                409  others would lose something; `breaks` names them, ?force=1 does it all the same
        ├── DeletesMost          409  most of the configuration would be gone; `breaks` names it, ?force=1 does it all the same
        ├── StillRunning         409  the first request with this Idempotency-Key has not ended
        ├── Stale                412  it was changed since it was read; `changes` says by whom
        ├── OtherBody            422  this Idempotency-Key came with another request before
        └── Busy                 503  somebody else is at work, for longer than we wait; nothing was done

DRF's and Django's own exceptions are told in the same shape. Nothing here repeats a value that was sent: it may be a secret.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from gateway.api.pointers import Wrong, pointer, wrongs_in
from providers.busy import waited_in_vain

CONTENT_TYPE = "application/problem+json"
MOST_ERRORS = 200
"""Of one answer: a body of ten thousand mistakes is told the first of them."""

Told = dict[str, Any]  # Any: JSON


class Problem(exceptions.APIException):
    """A failure with a name."""

    title: ClassVar[str]
    default_code: str = "problem"

    def __init__(self, detail: str, **more: Any) -> None:  # Any: JSON
        super().__init__(detail, self.default_code)
        self.more: Told = more


class Refused(Problem):
    status_code = 400
    default_code = "refused"
    title = "The request breaks a rule"

    def __init__(self, errors: Sequence[Wrong]) -> None:
        super().__init__(counted(errors), errors=told(errors))


class UnknownParameter(Problem):
    status_code = 400
    default_code = "unknown_parameter"
    title = "A query parameter is unknown"


class InUse(Problem):
    status_code = 409
    default_code = "in_use"
    title = "Others use it"

    def __init__(self, breaks: Sequence[str]) -> None:
        super().__init__(
            "This would break what is named in `breaks`. Change that first, or repeat the request with ?force=1.",
            breaks=list(breaks),
        )


class DeletesMost(Problem):
    status_code = 409
    default_code = "deletes_most"
    title = "Most of what is configured would be deleted"

    def __init__(self, loss: str, gone: Sequence[str]) -> None:
        super().__init__(
            f"{loss} Nothing was changed. If that is meant, repeat the request with ?force=1; ?dry_run=1 says every change.",
            breaks=list(gone)[:MOST_ERRORS],
        )


class StillRunning(Problem):
    status_code = 409
    default_code = "still_running"
    title = "The first request with this Idempotency-Key is still running"


class Stale(Problem):
    status_code = 412
    default_code = "stale"
    title = "It was changed since it was read"

    def __init__(self, changes: Sequence[Told]) -> None:
        super().__init__(
            "Read it again, put your change into it, and send it with the new ETag.", changes=list(changes)
        )


class OtherBody(Problem):
    status_code = 422
    default_code = "other_body"
    title = "This Idempotency-Key belongs to another request"


class Busy(Problem):
    status_code = 503
    default_code = "busy"
    title = "Somebody else is at work"
    retry_after_seconds = 5


def refused(exc: DjangoValidationError, *at: str | int) -> Refused:
    """What a model's `full_clean()` says, about the part of the body that stands `at`."""
    if not hasattr(exc, "error_dict"):
        return Refused([_wrong(one, at) for one in exc.error_list])
    named = exc.error_dict.items()
    return Refused([_wrong(one, at if name == "__all__" else (*at, name)) for name, errors in named for one in errors])


def _wrong(error: DjangoValidationError, at: Iterable[str | int]) -> Wrong:
    return Wrong(pointer=pointer(*at), message=" ".join(error.messages), code=error.code or "invalid")


def counted(errors: Sequence[Wrong]) -> str:
    if len(errors) == 1:
        return errors[0].message
    return f"{len(errors)} things are wrong; `errors` says which, and where."


def told(errors: Iterable[Wrong]) -> list[dict[str, str]]:
    return [error.as_json() for error in errors][:MOST_ERRORS]


# Everything that a view raises

TITLES = {
    400: "The request cannot be understood",
    401: "Nobody is logged in",
    403: "Not allowed",
    404: "Not found",
    405: "This method is not known here",
    406: "It cannot be had in this form",
    415: "A body of this kind is not read here",
}


def answer(exc: Exception, context: Mapping[str, Any]) -> Response | None:  # Any: DRF's own
    """DRF's exception handler: a problem, or None for a defect of ours, which Django logs and answers with 500."""
    if isinstance(exc, Http404):
        exc = exceptions.NotFound(*exc.args[:1])
    elif isinstance(exc, DjangoPermissionDenied):
        exc = exceptions.PermissionDenied(str(exc) or None)
    elif isinstance(exc, DjangoValidationError):
        exc = refused(exc)
    elif isinstance(exc, exceptions.ValidationError):
        exc = Refused(list(wrongs_in(exc.detail)))
    elif isinstance(exc, OperationalError) and waited_in_vain(exc):
        exc = Busy("Others were writing for longer than we wait. Nothing of this was done; send it again.")
    if not isinstance(exc, exceptions.APIException):
        return None
    set_rollback()
    return Response(_body(exc), status=exc.status_code, headers=_headers(exc), content_type=CONTENT_TYPE)


def _body(exc: exceptions.APIException) -> Told:
    code = exc.default_code if isinstance(exc, Problem) else str(exc.get_codes())
    title = exc.title if isinstance(exc, Problem) else TITLES.get(exc.status_code, "It cannot be done")
    more = exc.more if isinstance(exc, Problem) else {}
    return {
        "type": f"urn:plexus:problem:{code}",
        "title": title,
        "status": exc.status_code,
        "code": code,
        "detail": str(exc.detail),
        **more,
    }


def _headers(exc: exceptions.APIException) -> dict[str, str]:
    if isinstance(exc, Busy):
        return {"Retry-After": str(exc.retry_after_seconds)}
    challenge = getattr(exc, "auth_header", None)
    return {"WWW-Authenticate": challenge} if challenge else {}
