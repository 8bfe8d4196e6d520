"""The whole configuration as one document: read it, keep it in git, and make the database what it says."""

import hashlib
import json
import os
from typing import IO, Any

import yaml
from django.db import transaction
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.api.entries import refused_by
from gateway.api.matching import check_match, etag_of
from gateway.api.parsing import read_json
from gateway.api.permissions import check_changes
from gateway.api.problems import DeletesMost, Told
from gateway.api.recorded import change_as_json, changes_as_json
from gateway.api.unlined import without_lines
from gateway.api.views import ApiView, asks_for, changing
from gateway.audit.contents import unpacked
from gateway.audit.models import ConfigChange, ConfigRevision
from gateway.interchange import plexus
from gateway.interchange.difference import Difference, lines, summary
from gateway.interchange.document import Document, Reading
from gateway.interchange.findings import Finding, Kind, has_refusals
from gateway.interchange.losses import lost
from gateway.interchange.snapshot import current
from gateway.interchange.store import apply

MAY_READ = "gateway.view_configuration"
MAY_IMPORT = "gateway.import_configuration"
"""The same as for the pages on which the admin does it."""
MOST_REVISIONS_TOLD = 20
MOST_CHANGES_TOLD = 500
"""Of one revision."""
MOST_BYTES_LOOKED_AT = 2_000_000
"""Of packed revisions: all other writers wait meanwhile, and ten thousand aliases take seconds to unpack."""


class YAMLRenderer(BaseRenderer):
    """The document's own text."""

    media_type = "application/yaml"
    format = "yaml"

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> str:  # Any: DRF's own
        return str(data) if isinstance(data, str) else yaml.safe_dump(json.loads(JSONRenderer().render(data)))


class TextParser(BaseParser):
    """A document as text; JSON is one way to write YAML."""

    media_type = "application/yaml"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:  # Any: a text
        """Raises ParseError."""
        try:
            return stream.read().decode("utf-8-sig")
        except UnicodeDecodeError as exc:
            raise ParseError("This is not UTF-8.") from exc


class JSONAsText(TextParser):
    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:  # Any: a text
        """Raises ParseError."""
        return json.dumps(read_json(stream.read()), ensure_ascii=False, indent=1)


class ChangeSerializer(serializers.Serializer[Any]):
    deed = serializers.ChoiceField(choices=["created", "updated", "deleted"])
    kind = serializers.CharField()
    name = serializers.CharField()
    fields = serializers.ListField(child=serializers.DictField())  # type: ignore[assignment]  # a field called so


class FindingSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["adapted", "ignored", "warning"])
    path = serializers.CharField()
    line = serializers.IntegerField(allow_null=True)
    message = serializers.CharField()


class AppliedSerializer(serializers.Serializer[Any]):
    applied = serializers.BooleanField(help_text="False after a dry run.")
    revision = serializers.IntegerField(allow_null=True, help_text="That holds it; null where nothing changed.")
    summary = serializers.CharField()
    lines = serializers.ListField(child=serializers.CharField(), help_text="The changes, in words.")
    changes = ChangeSerializer(many=True)
    findings = FindingSerializer(many=True, help_text="What there is to say besides.")


def stamp_of(document: Document) -> str:
    """The same as long as the document says the same."""
    return hashlib.sha256(json.dumps(plexus.plain(document), sort_keys=True).encode()).hexdigest()[:32]


def shown(document: Document, request: Request) -> Told | str:
    """In the form that was asked for: values for JSON, or the text of a file."""
    is_yaml = getattr(request, "accepted_media_type", "").startswith("application/yaml")
    return plexus.write(document) if is_yaml else plexus.plain(document)


def applied(difference: Difference, findings: list[Finding], revision: ConfigRevision | None) -> Told:
    return {
        "applied": difference.was_applied,
        "revision": revision.number if revision else None,
        "summary": summary(difference.changes, was_applied=difference.was_applied, source="document"),
        "lines": list(lines(difference.changes)),
        "changes": [change_as_json(change) for change in difference.changes],
        "findings": [
            {"kind": str(one.kind), "path": one.place.path, "line": one.place.line, "message": one.message}
            for one in findings
        ],
    }


class Config(ApiView):
    """The configuration as a document."""

    tag, guard = "config", {"GET": [MAY_READ, MAY_IMPORT], "PUT": [MAY_IMPORT]}
    renderer_classes = [JSONRenderer, YAMLRenderer]
    parser_classes = [JSONAsText, TextParser]
    parameters = {"GET": ["format"], "PUT": ["dry_run", "force", "format"]}
    is_recorded = has_etag = True
    serializer_class = AppliedSerializer

    @extend_schema(
        parameters=[OpenApiParameter("format", enum=["json", "yaml"], description="As the Accept header, by address.")],
        responses={(200, "application/json"): OpenApiTypes.OBJECT, (200, "application/yaml"): OpenApiTypes.OBJECT},
    )
    def get(self, request: Request) -> Response:
        """Read the whole configuration. Keys of providers are in it as references only, and client keys not at all."""
        document = current()
        return Response(shown(document, request), headers={"ETag": etag_of(stamp_of(document))})

    @extend_schema(
        request={"application/json": OpenApiTypes.OBJECT, "application/yaml": OpenApiTypes.OBJECT},
        responses=AppliedSerializer,
    )
    def put(self, request: Request) -> Response:
        """Make the configuration what the document says, all or nothing: what it does not name is deleted.

        Client keys, history and stored keys of providers stay. ?dry_run=1 says what would change. What would delete everything,
        or more than half of it, is answered with 409, and done with ?force=1.
        """
        reading = self._read(request)
        is_dry, is_forced = asks_for(request, "dry_run"), asks_for(request, "force")
        with transaction.atomic(), changing(request) as recorded:
            stamp = stamp_of(current())
            check_match(request, stamp, changes_since)
            difference = apply(reading.document, prune=True, dry_run=is_dry, environment=os.environ)
            if difference.is_refused:
                raise refused_by(difference.findings)
            check_changes(request, difference.changes)
            if difference.loss and not (is_dry or is_forced):
                raise DeletesMost(difference.loss, [str(change) for change in lost(difference.changes)])
        findings = [*reading.findings, *difference.findings, *_of_loss(difference)]
        stamp = stamp if is_dry else stamp_of(current())
        return Response(applied(difference, findings, recorded.revision), headers={"ETag": etag_of(stamp)})

    def _read(self, request: Request) -> Reading:
        """Raises Refused."""
        reading = plexus.read(request.data if isinstance(request.data, str) else "")
        if (request.content_type or "").startswith(JSONAsText.media_type):
            reading = without_lines(reading)
        if has_refusals(reading.findings):
            raise refused_by(reading.findings)
        return reading


def _of_loss(difference: Difference) -> list[Finding]:
    """What a dry run has to say of what would be refused without it."""
    if difference.was_applied or not difference.loss:
        return []
    return [Finding(kind=Kind.WARNING, message=f"{difference.loss} Without ?force=1 it would be refused.")]


def changes_since(stamp: str) -> list[Told]:
    """What was changed since the document had this stamp; as far as is told, where it never had it."""
    changes: list[ConfigChange] = []
    looked_at_bytes = 0
    newest = ConfigRevision.objects.order_by("-number").values_list("pk", "packed")[:MOST_REVISIONS_TOLD]
    for pk, packed in newest.iterator(chunk_size=1):
        looked_at_bytes += len(packed)
        if stamp_of(unpacked(bytes(packed)).document) == stamp:
            break
        changes += ConfigChange.objects.filter(revision=pk).select_related("revision")[:MOST_CHANGES_TOLD]
        if looked_at_bytes > MOST_BYTES_LOOKED_AT:
            break
    return changes_as_json(changes)


paths = [path("config", Config.as_view(), name="config")]
