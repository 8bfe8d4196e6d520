"""The description of the API as a document to read: docs/api-reference.md."""

from collections.abc import Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]  # Any: OpenAPI

HEAD = """\
# API reference

Written by `manage.py write_api_reference` from the description that stands at `/api/v1/openapi.json`; a test compares. How to use
it, with examples: [rest-api.md](rest-api.md).

Every failure is `application/problem+json` with `type`, `title`, `status`, `code` and `detail`; with 400 `errors` (`pointer`,
`message`, `code`), with 409 `breaks`, with 412 `changes`. 401 without a valid token or session, 403 without the permission, and 406
for an unknown `Accept` may answer any request, and are not repeated below.
"""
EVERYWHERE = ("401", "403", "406")


def written(description: Json) -> str:
    """The whole document."""
    lines = [HEAD]
    operations = list(_operations(description))
    for tag in dict.fromkeys(operation["tags"][0] for _, _, operation in operations):
        lines.append(f"## {tag.capitalize()}\n")
        for address, method, operation in operations:
            if operation["tags"][0] == tag:
                lines += _operation(description, address, method, operation)
    return "\n".join(lines).rstrip() + "\n"


def _operations(description: Json) -> Iterator[tuple[str, str, Json]]:
    for address, methods in description["paths"].items():
        for method, operation in methods.items():
            yield address, method, operation


def _operation(description: Json, address: str, method: str, operation: Json) -> Iterator[str]:
    yield f"### {method.upper()} {address}\n"
    yield operation["description"].strip() + "\n"
    if parameters := operation.get("parameters"):
        yield "| Parameter | In | |"
        yield "|---|---|---|"
        for one in parameters:
            required = " Required." if one.get("required") and one["in"] != "path" else ""
            yield f"| `{one['name']}` | {one['in']} | {_cell(one.get('description', ''), one['schema'])}{required} |"
        yield ""
    if body := operation.get("requestBody"):
        yield from _body(description, body)
    yield from _answers(operation)


def _body(description: Json, body: Json) -> Iterator[str]:
    schema = next(iter(body["content"].values()))["schema"]
    name, fields = _fields(description, schema)
    if not fields:
        yield f"Body: {', '.join(body['content'])}.\n"
        return
    yield f"Body, `{name}`:\n"
    yield from _table(description, fields, description["components"]["schemas"][name].get("required", ()))


def _table(description: Json, fields: Json, required: Any) -> Iterator[str]:  # Any: names
    yield "| Field | Type | |"
    yield "|---|---|---|"
    for field, schema in fields.items():
        note = " Required." if field in required else ""
        yield f"| `{field}` | {_type(schema)} | {_cell(schema.get('description', ''), schema)}{note} |"
        _, inner = _fields(description, schema.get("items", {}))
        for inside, one in inner.items():
            yield f"| `{field}[].{inside}` | {_type(one)} | {_cell(one.get('description', ''), one)} |"
    yield ""


def _fields(description: Json, schema: Json) -> tuple[str, Json]:
    """Name and fields of what the schema refers to; nothing for anything else."""
    name = schema.get("$ref", "").rpartition("/")[2]
    found: Json = description["components"]["schemas"].get(name, {}).get("properties", {})
    return name, found


def _type(schema: Json) -> str:
    kind = schema.get("type", "object")
    said = " or ".join(kind) if isinstance(kind, list) else str(kind)
    items = schema.get("items", {})
    return f"{said} of {_type(items)}" if said == "array" and "$ref" not in items else said


def _cell(text: str, schema: Json) -> str:
    """A description, and what the value may be, in one line."""
    bounds = [f"{word} {schema[name]}" for name, word in BOUNDS.items() if schema.get(name) not in (None, "")]
    choices = ["one of " + ", ".join(f"`{one}`" for one in schema["enum"] if one)] if "enum" in schema else []
    more = "; ".join([*choices, *bounds])
    return " ".join(part for part in (" ".join(text.split()), f"({more})" if more else "") if part).replace("|", "\\|")


BOUNDS = {"minimum": "at least", "maximum": "at most", "maxLength": "characters at most", "default": "default"}


def _answers(operation: Json) -> Iterator[str]:
    good = [(status, one) for status, one in operation["responses"].items() if status < "400"]
    for status, one in good:
        kinds = [f"`{_name(content['schema'])}`" for content in one.get("content", {}).values()]
        yield f"Answers {status}{': ' if kinds else ''}{', '.join(dict.fromkeys(kinds))}.\n"
    failures = [status for status in operation["responses"] if status >= "400" and status not in EVERYWHERE]
    yield f"Fails with {', '.join(failures)}.\n"


def _name(schema: Json) -> str:
    return str(schema.get("$ref", "").rpartition("/")[2] or schema.get("type", "object"))
