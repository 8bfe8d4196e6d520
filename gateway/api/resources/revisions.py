"""What was changed, by whom, from where and why: revisions of the whole configuration, to read, compare and go back to."""

from typing import Any

from django.db.models import Q, QuerySet
from django.urls import path, reverse
from django_filters.rest_framework import CharFilter, FilterSet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.api.entries import refused_by
from gateway.api.filters import MomentFilter, OneOf
from gateway.api.paging import Pages
from gateway.api.permissions import check_changes
from gateway.api.pointers import Wrong
from gateway.api.problems import Refused
from gateway.api.recorded import change_as_json, change_of
from gateway.api.resources.config import MAY_IMPORT, AppliedSerializer, ChangeSerializer, YAMLRenderer, applied, shown
from gateway.api.views import ApiView, Collection, asks_for, author, changing
from gateway.audit.author import Door
from gateway.audit.comparison import changes_between, kinds
from gateway.audit.contents import Contents, unpacked
from gateway.audit.events import Event
from gateway.audit.models import AuditEvent, ConfigChange, ConfigRevision
from gateway.audit.rollback import preview, roll_back
from gateway.interchange.difference import lines

GUARD = {"GET": ["gateway.view_configrevision"]}
LARGEST = 2**31


class RevisionSerializer(serializers.ModelSerializer[ConfigRevision]):
    who = serializers.CharField(source="author_name", read_only=True)
    door = serializers.ChoiceField(choices=[door.value for door in Door], read_only=True)

    class Meta:
        model = ConfigRevision
        fields = read_only_fields = ["number", "at", "who", "door", "address", "note", "summary", "rolled_back_to"]


class RevisionDetailSerializer(RevisionSerializer):
    lines = serializers.ListField(child=serializers.CharField(), read_only=True, help_text="These changes, in words.")
    changes = ChangeSerializer(many=True, read_only=True, help_text="A page of them.")
    next = serializers.URLField(allow_null=True, read_only=True, help_text="Where the changes go on.")
    previous = serializers.URLField(allow_null=True, read_only=True)

    class Meta(RevisionSerializer.Meta):
        fields = read_only_fields = [*RevisionSerializer.Meta.fields, "lines", "changes", "next", "previous"]


class ComparisonSerializer(serializers.Serializer[Any]):
    lines = serializers.ListField(child=serializers.CharField(), help_text="What is different in the later one.")
    changes = ChangeSerializer(many=True)


class EventSerializer(serializers.ModelSerializer[AuditEvent]):
    who = serializers.CharField(source="author_name", read_only=True)
    details = serializers.JSONField(read_only=True)

    class Meta:
        model = AuditEvent
        fields = read_only_fields = ["id", "at", "who", "door", "address", "kind", "subject", "details"]


class AuthoredFilters(FilterSet):  # type: ignore[misc]  # it ships no types
    who = CharFilter(
        method="by", help_text="A user's name: by hand, or with any token. Or the whole of it, as `who` says it."
    )
    door = OneOf(door.value for door in Door)
    since = MomentFilter(field_name="at", lookup_expr="gte", help_text="From this time on.")
    until = MomentFilter(field_name="at", lookup_expr="lt", help_text="Before this time.")

    def by(self, rows: "QuerySet[Any]", name: str, value: str) -> "QuerySet[Any]":
        return rows.filter(Q(author_name=value) | Q(author_name__startswith=f"{value} (token "))


class RevisionFilters(AuthoredFilters):
    kind = OneOf(kinds(), method="changing", help_text="Of what was changed.")
    name = CharFilter(method="changing", help_text="Of what was changed.")

    def changing(self, rows: "QuerySet[Any]", name: str, value: str) -> "QuerySet[Any]":
        """Both at once: a revision may have changed an alias, and something else of that name."""
        asked = {one: self.form.cleaned_data.get(one) for one in ("kind", "name")}
        of_it = ConfigChange.objects.filter(**{f"of_{one}": said for one, said in asked.items() if said})
        return rows.filter(pk__in=of_it.values("revision"))


class EventFilters(AuthoredFilters):
    kind = OneOf(kind.value for kind in Event)
    subject = CharFilter()


class Revisions(Collection):
    """Every change to the configuration, from whatever door, the newest first."""

    tag, guard = "audit", GUARD
    serializer_class, filterset_class, ordering = RevisionSerializer, RevisionFilters, "-number"

    def get_queryset(self) -> "QuerySet[Any]":
        return ConfigRevision.objects.defer("packed")


class RevisionItem(ApiView):
    """One revision."""

    tag, guard = "audit", GUARD
    serializer_class = RevisionDetailSerializer
    ordering = "id"
    parameters = {"GET": ["cursor", "limit"]}

    def get_queryset(self) -> "QuerySet[Any]":
        return ConfigRevision.objects.defer("packed")

    def get(self, request: Request, number: int) -> Response:
        """Read a revision with the rows that it changed: they come in pages, as lists do."""
        revision, pages = revision_of(number, self.get_queryset()), Pages()
        changes = [change_of(row) for row in pages.paginate_queryset(revision.changes.all(), request, view=self)]
        told = {"lines": list(lines(changes)), "changes": [change_as_json(one) for one in changes]}
        links = {"next": pages.get_next_link(), "previous": pages.get_previous_link()}
        return Response({**RevisionSerializer(revision).data, **told, **links})


class RevisionDocument(ApiView):
    """The configuration as it was."""

    tag, guard = "audit", GUARD
    renderer_classes = [JSONRenderer, YAMLRenderer]
    parameters = {"GET": ["format"]}

    @extend_schema(
        parameters=[OpenApiParameter("format", enum=["json", "yaml"], description="As the Accept header, by address.")],
        responses={(200, "application/json"): OpenApiTypes.OBJECT, (200, "application/yaml"): OpenApiTypes.OBJECT},
    )
    def get(self, request: Request, number: int) -> Response:
        """Read the whole configuration as this revision left it."""
        return Response(shown(contents_of(number).document, request))


class RevisionComparison(ApiView):
    """Two revisions."""

    tag, guard = "audit", GUARD
    parameters = {"GET": ["from", "to"]}
    serializer_class = ComparisonSerializer

    @extend_schema(
        parameters=[
            OpenApiParameter(
                name, {"type": "integer", "minimum": 0, "maximum": LARGEST}, required=True, description=description
            )
            for name, description in (("from", "A revision's number; 0 is before the first."), ("to", "Another one's."))
        ]
    )
    def get(self, request: Request) -> Response:
        """Compare any two revisions."""
        old, new = (contents_of(self._number(name)) for name in ("from", "to"))
        changes = [row.change for row in changes_between(old, new)]
        return Response({"lines": list(lines(changes)), "changes": [change_as_json(one) for one in changes]})

    def _number(self, name: str) -> int:
        """Raises Refused."""
        said = self.request.query_params.get(name, "")
        if not (said.isascii() and said.isdecimal() and len(said) < 11 and int(said) <= LARGEST):
            raise Refused([Wrong(pointer=f"?{name}", message="Give the number of a revision.", code="invalid")])
        return int(said)


def contents_of(number: int) -> Contents:
    """Of a revision; nothing before the first. Raises NotFound."""
    if number == 0:
        return Contents()
    return unpacked(bytes(revision_of(number, ConfigRevision.objects.all()).packed))


def revision_of(number: int, among: "QuerySet[Any]") -> ConfigRevision:
    """Raises NotFound."""
    revision: ConfigRevision | None = among.filter(number=number).first()
    if revision is None:
        raise NotFound(f"There is no revision {number}. GET {reverse('api:revisions')} lists those there are.")
    return revision


class Rollback(ApiView):
    """The way back."""

    tag, guard = "audit", {"POST": [MAY_IMPORT]}
    is_recorded = True
    parameters = {"POST": ["dry_run"]}
    serializer_class = AppliedSerializer

    @extend_schema(request=None, responses=AppliedSerializer)
    def post(self, request: Request, number: int) -> Response:
        """Make the configuration what it was after this revision, by a new revision, through the same rules.

        Stored keys of providers stay those of now, and client keys stay as they are. ?dry_run=1 says what would change.
        """
        revision = revision_of(number, ConfigRevision.objects.all())
        if asks_for(request, "dry_run"):
            difference = preview(revision).difference
            if difference.is_refused:
                raise refused_by(difference.findings)
            return Response(applied(difference, list(difference.findings), None))
        with changing(request) as recorded:
            difference = roll_back(revision, author(request))
            if difference.is_refused:
                raise refused_by(difference.findings)
            check_changes(request, difference.changes)
        return Response(applied(difference, list(difference.findings), recorded.revision))


class Events(Collection):
    """What is no configuration: keys made and revoked, logins, users, groups and permissions. The newest first."""

    tag, guard = "audit", {"GET": ["gateway.view_auditevent"]}
    serializer_class, filterset_class, ordering = EventSerializer, EventFilters, "-id"

    def get_queryset(self) -> "QuerySet[Any]":
        return AuditEvent.objects.all()


paths = [
    path("revisions", Revisions.as_view(), name="revisions"),
    path("revisions/compare", RevisionComparison.as_view(), name="revision-comparison"),
    path("revisions/<int:number>", RevisionItem.as_view(), name="revision"),
    path("revisions/<int:number>/document", RevisionDocument.as_view(), name="revision-document"),
    path("revisions/<int:number>/rollback", Rollback.as_view(), name="revision-rollback"),
    path("events", Events.as_view(), name="events"),
]
