"""The description of the API, OpenAPI 3.1: read off the views, with every way in which a request may fail."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from gateway.api.paging import LIMIT, Pages
from gateway.api.problems import CONTENT_TYPE

Json = dict[str, Any]  # Any: JSON


def _query(name: str, description: str, kind: type = str, **more: Any) -> OpenApiParameter:  # Any: the library's own
    return OpenApiParameter(name, kind, OpenApiParameter.QUERY, description=description, **more)


def _header(name: str, description: str, **more: Any) -> OpenApiParameter:  # Any: the library's own
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=description, **more)


SWITCH = {"type": "string", "enum": ["0", "1", "true", "false"]}
PARAMETERS: Mapping[str, OpenApiParameter] = MappingProxyType(
    {
        "note": _query(
            "note", "Why, for the revision: at most 500 characters. The header X-Change-Note says the same."
        ),
        "force": OpenApiParameter(
            "force", SWITCH, OpenApiParameter.QUERY, description="1: also where others lose something by it."
        ),
        "dry_run": OpenApiParameter(
            "dry_run", SWITCH, OpenApiParameter.QUERY, description="1: say what would change, and change nothing."
        ),
        "cursor": _query("cursor", Pages.cursor_query_description),
        "limit": OpenApiParameter(
            "limit", LIMIT, OpenApiParameter.QUERY, description=Pages.page_size_query_description
        ),
    }
)
"""Parameters that views name in their `parameters`. Others describe themselves with `extend_schema`."""
IF_MATCH = _header("If-Match", "The ETag of what you read: 412 if it was changed since.")
IDEMPOTENCY_KEY = _header(
    "Idempotency-Key",
    "A text of your own. Sent again with the same body within 24 hours, the request is answered as it was, and not done again.",
)
CHANGES = ("POST", "PUT", "PATCH", "DELETE")


class ApiSchema(AutoSchema):
    """What a view says of itself: its `tag`, its docstrings, its `parameters`."""

    view: Any  # Any: one of gateway.api.views, which this file comes before

    def get_tags(self) -> list[str]:
        return [self.view.tag]

    def get_summary(self) -> str | None:
        return self.get_description().partition("\n")[0].rstrip(".") or None

    def get_response_serializers(self) -> Any:  # Any: the library's own
        if self.method == "GET" and self.view.is_list:
            return self.view.get_serializer(many=True)
        if self.method == "POST" and self.view.is_list:
            return {201: self.view.get_serializer()}
        return super().get_response_serializers()

    def get_override_parameters(self) -> Any:  # Any: the library's own
        method = str(self.method)
        named = [PARAMETERS[name] for name in self.view.parameters.get(method, ()) if name in PARAMETERS]
        if method in CHANGES and self.view.is_recorded:
            named.append(PARAMETERS["note"])
        if self.view.has_etag and method in ("PUT", "PATCH", "DELETE"):
            named.append(IF_MATCH)
        if method == "POST" and self.view.is_idempotent:
            named.append(IDEMPOTENCY_KEY)
        if self.view.has_etag and method != "DELETE":
            named.append(_header("ETag", "Of the state that the answer shows.", response=[200, 201]))
        return named


# What the library does not read off a view: how requests fail, and that there are no fields but those that are named

PROBLEM: Json = {
    "type": "object",
    "description": "What is wrong (RFC 9457).",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "description": "urn:plexus:problem: and the code."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "To branch on; never on the texts."},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "With 400: each thing that is wrong.",
            "items": {
                "type": "object",
                "required": ["pointer", "message", "code"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "Where: a JSON pointer into the body (#/targets/0/weight), or ?name of a parameter.",
                    },
                    "message": {"type": "string"},
                    "code": {"type": "string"},
                },
            },
        },
        "breaks": {
            "type": "array",
            "description": "With 409 in_use: what would break, by name. With 409 deletes_most: what would be gone.",
            "items": {"type": "string"},
        },
        "changes": {
            "type": "array",
            "description": "With 412: what was changed since, the newest first.",
            "items": {"type": "object", "additionalProperties": True},
        },
    },
}
WHEN: Mapping[int, tuple[str, str, str]] = MappingProxyType(
    {
        400: (
            "refused",
            "The request breaks a rule",
            "What was sent cannot be understood, or breaks a rule: `errors`.",
        ),
        401: ("not_authenticated", "Nobody is logged in", "Neither a session nor a valid API token."),
        403: ("permission_denied", "Not allowed", "This user, or this token, may not do this."),
        404: ("not_found", "Not found", "There is no such thing, or not for this user."),
        406: ("not_acceptable", "It cannot be had in this form", "The Accept header asks for another form."),
        409: (
            "in_use",
            "Others use it",
            "Others would lose something, or most of the configuration would be gone (`breaks`), or the same request is still running.",
        ),
        412: ("stale", "It was changed since it was read", "If-Match names an earlier state: `changes`."),
        413: ("too_large", "Too large", "The body is larger than PLEXUS_MAX_REQUEST_BYTES."),
        415: ("unsupported_media_type", "A body of this kind is not read here", "The Content-Type is another one."),
        503: ("busy", "Somebody else is at work", "For longer than we wait. Nothing was done: send it again."),
        422: ("other_body", "This Idempotency-Key belongs to another request", "It came with another body before."),
    }
)
EXTRAS: Mapping[int, Json] = MappingProxyType(
    {
        400: {"errors": [{"pointer": "#/targets/0/weight", "message": "A weight is at least 1.", "code": "min_value"}]},
        409: {"breaks": ["“gpt-4o” no longer gets requests from: fast."]},
        412: {"changes": [{"at": "2026-11-20T12:00:00Z", "who": "anna", "door": "admin", "lines": ["~ alias fast"]}]},
    }
)


ENUM_ID = "x-spec-enum-id"
"""The library's own note on a choice, for a hook that we do not use."""


def finished(result: Json, generator: Any, request: Any, public: bool) -> Json:  # Any: the library's own
    """The library's hook: completes the description."""
    components = result["components"]["schemas"]
    _without(ENUM_ID, result)
    for schema in components.values():
        _close(schema)
    components["Problem"] = PROBLEM
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            described = {int(status) for status in operation["responses"] if int(status) in WHEN}
            for status in {*described, *_failures(path, method.upper(), operation)}:
                operation["responses"][str(status)] = _problem(status)
            operation["responses"] = dict(sorted(operation["responses"].items()))
    return result


def _without(name: str, value: Any) -> None:  # Any: JSON
    """Take it out of every object, however deep."""
    if isinstance(value, dict):
        value.pop(name, None)
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _without(name, inner)


def _close(schema: Json) -> None:
    if schema.get("type") == "object" and "properties" in schema:
        schema.setdefault("additionalProperties", False)


def _failures(path: str, method: str, operation: Json) -> Iterator[int]:
    names = {parameter["name"] for parameter in operation.get("parameters", ())}
    yield from (400, 401, 403, 406)
    if "{" in path or names & {"cursor", "from"}:
        yield 404
    if "requestBody" in operation:
        yield from (413, 415)
    if "force" in names or "Idempotency-Key" in names:
        yield 409
    if "If-Match" in names:
        yield 412
    if "Idempotency-Key" in names:
        yield 422
    if method in CHANGES:
        yield 503


def _problem(status: int) -> Json:
    code, title, description = WHEN[status]
    example = {
        "type": f"urn:plexus:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": description,
        **EXTRAS.get(status, {}),
    }
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {code: {"value": example}}}
    return {"description": description, "content": {CONTENT_TYPE: content}}
