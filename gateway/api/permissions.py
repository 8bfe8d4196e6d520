"""Who may do what: Django's model permissions, the same that the admin asks for."""

from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Model
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from gateway.access.changes import lacking
from gateway.api.models import ApiToken
from gateway.interchange.difference import Change

Guard = Mapping[str, Sequence[str]]
"""Method -> permissions (`app.codename`), of which one is enough. What is not in it nobody may do."""


def guard_of(model: str) -> Guard:
    """Of a resource that is one model, `routing.alias`: view, add, change, delete."""
    app, name = model.split(".")
    change = f"{app}.change_{name}"
    return {
        "GET": [f"{app}.view_{name}", change],
        "POST": [f"{app}.add_{name}"],
        "PUT": [change],
        "PATCH": [change],
        "DELETE": [f"{app}.delete_{name}"],
    }


def all_of(*models: str) -> list[str]:
    """Every permission that writing these models takes."""
    return [f"{app}.{verb}_{name}" for app, name in (one.split(".") for one in models) for verb in WRITING]


WRITING = ("add", "change", "delete")


def check_changes(request: Request, changes: Iterable[Change]) -> None:
    """Raises PermissionDenied for a document with a change that this user may not make row by row."""
    if missing := lacking(changes, request.user.has_perm):
        raise PermissionDenied(f"It would change what you may not: that takes {', '.join(missing)}.")


def check_may_delete(request: Request, rows: Iterable[Model]) -> None:
    """Raises PermissionDenied for rows of a kind that this user may not delete."""
    for kind in dict.fromkeys(row._meta for row in rows):
        permission = f"{kind.app_label}.delete_{kind.model_name}"
        if not request.user.has_perm(permission):
            raise PermissionDenied(f"It would delete a {kind.verbose_name}, which takes {permission}.")


class MayUse(BasePermission):
    """The view's `guard` lets this user do it, and the token, if one was sent, is not for reading only."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        user = request.user
        if user is None or not user.is_authenticated or not user.is_active:
            return False
        method = "GET" if request.method in ("HEAD", "OPTIONS") else str(request.method)
        if isinstance(request.auth, ApiToken) and not request.auth.may_write and method not in SAFE_METHODS:
            self.message = "This API token is for reading only."
            return False
        guard: Guard = view.guard  # type: ignore[attr-defined]  # every view of the API has one
        # A method that nobody may use is answered with 405, by whoever looks for its handler.
        if method not in guard or any(user.has_perm(permission) for permission in guard[method]):
            return True
        self.message = missing(guard[method])
        return False


def missing(permissions: Sequence[str]) -> str:
    """What one of these permissions would have allowed, and who gives it."""
    return f"This takes the permission {' or '.join(permissions)}. Somebody who may change users gives it, under Access › Users."
