"""Resources that are entries of the configuration document: aliases and providers, and whatever is called by a name like they.

They are written by `gateway.interchange.store`, as files are: one transaction, the same rules, the same sentences.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.urls import reverse
from rest_framework import status
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.api.deleting import broken_by, pointing_at, release
from gateway.api.entries import Body, write
from gateway.api.matching import check_match, etag_of, is_unchanged
from gateway.api.permissions import all_of, check_may_delete
from gateway.api.problems import InUse, refused
from gateway.api.recorded import changes_as_json
from gateway.api.views import ApiView, Collection, asks_for, changing
from gateway.audit.models import ConfigChange
from gateway.audit.stamps import stamp_of
from gateway.interchange.document import Document, Entry
from providers.consequences import Deed

Row = Any  # Any: a row of the kind's model


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What is called by a name, and stands in the configuration document."""

    name: str
    """As revisions call it: `alias`."""
    entry: Callable[[Row], Entry]
    """A stored row, as the document says it."""
    document: Callable[[Row, Body], Document]
    """What a body makes of a row; the row may be new."""
    whole: Callable[[Row, Body], Body]
    """The body with all that it does not say, as PUT means it."""
    inside: Mapping[str, str] = field(default_factory=dict)
    """Field of the body -> the model that it writes, which has permissions of its own."""
    doomed: Callable[[Row, Body], Sequence[Model]] = lambda row, body: ()
    """Rows inside it that the body leaves out and that others may use."""
    switched_off: Callable[[Row, Body], Sequence[Model]] = lambda row, body: ()
    """Rows inside it that the body disables."""
    fresh: Callable[[Body], Row]
    """A new row with what names it, not saved."""
    key: str = "name"
    """The field that it is called by."""
    address: Callable[[Row], Mapping[str, str]] = lambda row: {"name": row.name}
    """The parameters of its address."""
    lookup: Callable[[Mapping[str, str]], Mapping[str, str]] = lambda named: named
    """The parameters of an address -> what finds the row."""
    changes: Callable[[Row, str], Sequence[ConfigChange]]
    """What has been changed since a stamp."""


def stamp_of_row(kind: Kind, row: Row) -> str:
    return stamp_of(kind.entry(row))


def check_inside(request: Request, kind: Kind, body: Body) -> None:
    """Raises PermissionDenied for what this user may not write within it."""
    for name, model in kind.inside.items():
        if name in body and not request.user.has_perms(all_of(model)):
            raise PermissionDenied(f"You may not change `{name}`: that takes {', '.join(all_of(model))}.")


def fresh(kind: Kind, body: Body) -> Row:
    """A new row. Raises Refused for a name that is taken, or is none: an import would take the row that has it for this one."""
    try:
        row = kind.fresh(body)
        others = [one.name for one in row._meta.fields if one.name not in (kind.key, "provider")]
        row.clean_fields(exclude=[*others, "provider"])
        row.validate_unique(exclude=others)
        row.validate_constraints(exclude=others)
    except ValidationError as exc:
        raise refused(exc) from exc
    return row


class Documented(ApiView):
    """What the views of one kind do alike."""

    kind: ClassVar[Kind]
    has_etag = is_recorded = True


class DocumentedCollection(Documented, Collection):
    """A list of them; POST makes one."""

    is_idempotent = True

    def post(self, request: Request) -> Response:
        """Make one, with all that belongs to it."""
        return self.create_once(request, lambda: self._create(request))

    def _create(self, request: Request) -> Response:
        body: Body = self.checked(request).validated_data
        check_inside(request, self.kind, body)
        with changing(request):
            row = fresh(self.kind, body)
            write(self.kind.document(row, body))
        named = self.kind.address(row)
        made = self.get_queryset().get(**self.kind.lookup(named))
        address = reverse(f"api:{self.kind.name}", kwargs=dict(named))
        headers = {"Location": address, "ETag": etag_of(stamp_of_row(self.kind, made))}
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED, headers=headers)


class DocumentedItem(Documented):
    """One of them, by its name."""

    parameters = {"PUT": ["force"], "PATCH": ["force"], "DELETE": ["force"]}

    def _row(self) -> Row:
        """Raises Http404."""
        return get_object_or_404(self.get_queryset(), **self.kind.lookup(self.kwargs))

    def get(self, request: Request, **named: str) -> Response:
        """Read it. The ETag is for If-Match."""
        return self._shown(request, self.get_object())

    def put(self, request: Request, **named: str) -> Response:
        """Replace it: what the body does not say has its default afterwards, but for a stored credential. A new `name` renames it."""
        return self._change(request, is_whole=True)

    def patch(self, request: Request, **named: str) -> Response:
        """Change it: what the body does not say stays. Lists are replaced as a whole."""
        return self._change(request, is_whole=False)

    def delete(self, request: Request, **named: str) -> Response:
        """Delete it. 409 names what would break; with ?force=1 that breaks."""
        with changing(request):
            row = self.get_object()
            self._check_match(request, row)
            self._check_consequences(request, [row], [])
            self._release(request, row)
            row.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _change(self, request: Request, *, is_whole: bool) -> Response:
        body: Body = self.checked(request, is_part=not is_whole).validated_data
        check_inside(request, self.kind, body)
        with changing(request):
            row = self.get_object()
            self._check_match(request, row)
            body = self.kind.whole(row, body) if is_whole else body
            if is_whole:
                check_inside(request, self.kind, self._what_is_dropped(row, body))
            doomed = self.kind.doomed(row, body)
            off = [row] if row.enabled and body.get("enabled") is False else self.kind.switched_off(row, body)
            self._check_consequences(request, doomed, off)
            for one in doomed:
                self._release(request, one)
                one.delete()
            self._rename(row, body.get(self.kind.key, getattr(row, self.kind.key)))
            write(self.kind.document(row, body))
        return self._shown(request, self.get_queryset().get(pk=row.pk))

    def _release(self, request: Request, row: Model) -> None:
        """What points at it goes with it. Raises PermissionDenied for whoever may not delete that by itself."""
        check_may_delete(request, pointing_at(row))
        release(row)

    def _what_is_dropped(self, row: Row, body: Body) -> Body:
        """Of the parts that have permissions of their own, those that a PUT empties by not speaking of them."""
        return {name: () for name in self.kind.inside if not body.get(name) and getattr(row, name).exists()}

    def _rename(self, row: Row, name: str) -> None:
        if name == getattr(row, self.kind.key):
            return
        setattr(row, self.kind.key, name)
        try:
            row.full_clean()
        except ValidationError as exc:
            raise refused(exc) from exc
        row.save()

    def _check_match(self, request: Request, row: Row) -> None:
        check_match(request, stamp_of_row(self.kind, row), lambda seen: changes_as_json(self.kind.changes(row, seen)))

    def _check_consequences(self, request: Request, doomed: Sequence[Model], off: Sequence[Model]) -> None:
        if asks_for(request, "force"):
            return
        breaks = [
            sentence
            for deed, rows in ((Deed.DELETING, doomed), (Deed.DISABLING, off))
            for row in rows
            for sentence in broken_by(row, deed)
        ]
        if breaks:
            raise InUse(list(dict.fromkeys(breaks)))

    def _shown(self, request: Request, row: Row) -> Response:
        stamp = stamp_of_row(self.kind, row)
        headers = {"ETag": etag_of(stamp)}
        if request.method in ("GET", "HEAD") and is_unchanged(request, stamp):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers=headers)
        return Response(self.get_serializer(row).data, headers=headers)
