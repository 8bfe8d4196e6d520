"""What every view of the API does alike: who may, which parameters it knows, how failures are told, who is recorded as the author."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, ClassVar

from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import NotAcceptable, NotFound
from rest_framework.generics import GenericAPIView
from rest_framework.metadata import BaseMetadata
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.utils.mediatypes import media_type_matches

from gateway.api.authentication import AUTHENTICATION
from gateway.api.filters import Filters, check_address, check_parameters, known_are
from gateway.api.idempotency import once
from gateway.api.models import ApiToken
from gateway.api.openapi import CHANGES, ApiSchema
from gateway.api.paging import Pages
from gateway.api.parsing import StrictJSONParser
from gateway.api.permissions import Guard, MayUse
from gateway.api.pointers import Wrong
from gateway.api.problems import CONTENT_TYPE, Refused, answer
from gateway.audit.author import LONGEST_NOTE, Author, Door, author_of
from gateway.audit.recording import Recorded, recording

NOTE_HEADER = "X-Change-Note"
Row = Any  # Any: a row of whatever model a view is about


class ByHeader(DefaultContentNegotiation):
    """The form of an answer is what the Accept header says; or ?format=, where a view knows that parameter."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:  # Any: DRF's own
        forms = {one.format: one for one in renderers}
        wanted = request.query_params.get("format")
        if len(forms) > 1 and wanted is not None:
            if wanted not in forms:
                raise Refused([Wrong(pointer="?format", message=known_are(forms), code="invalid")])
            return forms[wanted], forms[wanted].media_type
        accepted = self.get_accept_list(request)
        for one in renderers:
            if any(media_type_matches(one.media_type, media_type) for media_type in accepted):
                return one, one.media_type
        raise NotAcceptable(available_renderers=renderers)


class Described(BaseMetadata):
    """What OPTIONS is answered with. DRF's own looks for a row, or a list of them, behind every view."""

    def determine_metadata(self, request: Request, view: Any) -> dict[str, Any]:  # Any: DRF's own
        return {"description": view.get_view_description(), "methods": view.allowed_methods}


class ApiView(GenericAPIView[Any]):
    """A view with a guard. `parameters`: what it reads of the address, by method; of lists also their filters and pages."""

    authentication_classes = AUTHENTICATION
    permission_classes = [MayUse]
    parser_classes = [StrictJSONParser]
    renderer_classes = [JSONRenderer]
    content_negotiation_class = ByHeader
    metadata_class = Described
    pagination_class: Any = None
    filter_backends: Any = ()
    schema = ApiSchema()

    guard: ClassVar[Guard]
    tag: ClassVar[str]
    """The resource, in the description of the API."""
    has_etag = is_idempotent = is_recorded = is_list = False
    parameters: ClassVar[dict[str, Iterable[str]]] = {}

    def get_exception_handler(self) -> Any:  # Any: DRF's own
        return answer

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        check_address(kwargs)
        if hasattr(self, str(request.method).lower()):  # else 405 says more
            check_parameters(request, self.known_parameters(str(request.method)))

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:  # Any: DRF's own
        answered = super().finalize_response(request, response, *args, **kwargs)
        if getattr(answered, "content_type", None) == CONTENT_TYPE:
            answered.accepted_renderer = JSONRenderer()  # a problem has one form, whatever was asked for
        elif request.method == "OPTIONS":
            answered.accepted_renderer, answered.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
        answered.headers.setdefault("Cache-Control", "private, no-cache")
        return answered

    def get_object(self) -> Any:  # Any: DRF's own
        """The row at this address, of those that this user may see. Raises NotFound."""
        try:
            return self._row()
        except Http404 as exc:
            raise self.none_there() from exc

    def _row(self) -> Row:
        """Raises Http404."""
        return super().get_object()

    def none_there(self) -> NotFound:
        """Says what is not there, and where to see what is. Not what was asked for: it may be a secret, pasted wrongly."""
        kind = self.get_queryset().model._meta.verbose_name
        listed = "/".join(self.request.path.split("/")[:4])  # /api/v1/aliases of /api/v1/aliases/fast
        return NotFound(
            f"There is no {kind} at this address, or none that you may see. GET {listed} lists those there are."
        )

    def checked(self, request: Request, *, is_part: bool = False) -> BaseSerializer[Any]:
        """The body, in the form that the serializer asks for. `is_part`: it need not say everything. Raises ValidationError."""
        serializer = self.get_serializer(data=request.data, partial=is_part)
        serializer.is_valid(raise_exception=True)
        return serializer

    def known_parameters(self, method: str) -> list[str]:
        """What a request with this method may say after the question mark."""
        known = [*self.parameters.get("GET" if method == "HEAD" else method, ())]
        if self.is_recorded and method in CHANGES:
            known.append("note")
        return known


def author(request: Request) -> Author:
    """Whoever sent this, and why, if they said. Raises Refused for a note that cannot be kept."""
    note = request.headers.get(NOTE_HEADER, "") or request.query_params.get("note", "")
    if len(note) > LONGEST_NOTE:
        wrong = f"A note has at most {LONGEST_NOTE} characters."
        raise Refused([Wrong(pointer="?note", message=wrong, code="max_length")])
    whoever = author_of(request, door=Door.API, note=_as_utf8(note))
    if isinstance(request.auth, ApiToken):
        return replace(whoever, name=f"{whoever.name} (token {request.auth.name})")
    return whoever


def _as_utf8(header: str) -> str:
    """A header's bytes come as Latin-1, whatever they were meant to be."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return header


@contextmanager
def changing(request: Request) -> Iterator[Recorded]:
    """A turn at the configuration, recorded as this request's."""
    with recording(author(request)) as recorded:
        yield recorded


def asks_for(request: Request, parameter: str) -> bool:
    """Whether a switch such as ?force=1 is on. Raises Refused for what is neither on nor off."""
    said = request.query_params.get(parameter, "0").lower()
    if said not in ("0", "1", "true", "false"):
        raise Refused([Wrong(pointer=f"?{parameter}", message="Write 1 or 0.", code="invalid")])
    return said in ("1", "true")


class Collection(ApiView):
    """GET: a list in pages. POST: one more, once."""

    is_list = True
    pagination_class = Pages
    filter_backends = [Filters]
    ordering: ClassVar[str]

    def known_parameters(self, method: str) -> list[str]:
        known = super().known_parameters(method)
        if method not in ("GET", "HEAD"):
            return known
        filterset = getattr(self, "filterset_class", None)
        return [*known, *(filterset.base_filters if filterset else ()), "cursor", "limit"]

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def create_once(self, request: Request, create: Callable[[], Response]) -> Response:
        """The answer of `create`, or of the first time that this request came."""
        return once(request, create)


@csrf_exempt
def nowhere(request: HttpRequest) -> JsonResponse:
    """Every address below /api/ that there is none of: told as everything here is, and not by a page."""
    found = answer(NotFound("There is no such address. /api/docs/ says which there are."), {})
    assert found is not None  # it is one of DRF's own
    return JsonResponse(found.data, status=found.status_code, content_type=CONTENT_TYPE)
