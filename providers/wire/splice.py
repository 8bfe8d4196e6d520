"""Read a request for what routing needs, and replace a value in JSON without touching any other byte.

The rules about types are those of OpenAI's API reference, in its words and with its codes; what they do not cover is
the upstream's to judge.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Final, NoReturn

import msgspec

from providers.wire.base import Call, Edit, Malformed, MalformedCall, WireFormat
from providers.wire.members import Span, kind_of, spans_of

LONGEST_MODEL_NAME: Final = 256

_TEXT = msgspec.json.Decoder(str)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_FIRST_ELEMENT = re.compile(rb"\[[ \t\r\n]*")
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def read_call(body: bytes, format: WireFormat) -> Call:
    """Raises MalformedCall."""
    if not body.isascii():
        _check_utf8(body)
    try:
        return _call(body, spans_of(body), format)
    except MalformedCall:
        raise
    except Malformed as exc:
        _check_beginning(body)
        raise MalformedCall(exc.code, exc.message, exc.param) from exc


def replaced(body: bytes, name: str, value: bytes) -> bytes:
    """`body` with the value of its top-level member `name` replaced by the JSON `value`.

    A body that has no such member, or is no JSON object, comes back as it is: the upstream said it, we only relay it.
    """
    try:
        span = spans_of(body).get(name)
    except Malformed:
        return body
    if span is None:
        return body
    return b"".join((body[: span[0]], value, body[span[1] :]))


def with_model_if_none(body: bytes, model: str) -> bytes | None:
    """The body with `model` put where it names none: no member, null, or blank text. None where it names one, or is not JSON."""
    try:
        span = spans_of(body).get("model")
    except Malformed:
        return None
    written = msgspec.json.encode(model)
    if span is None:
        opening = body.index(b"{") + 1
        comma = b"" if body[opening:].lstrip().startswith(b"}") else b","
        return b"".join((body[:opening], b'"model":', written, comma, body[opening:]))
    value = body[span[0] : span[1]]
    if value != b"null" and not (value.startswith(b'"') and _is_blank(value)):
        return None
    return replaced(body, "model", written)


def _is_blank(text: bytes) -> bool:
    try:
        return not _TEXT.decode(text).strip()
    except msgspec.DecodeError:
        return False


def _check_beginning(body: bytes) -> None:
    """Say more than the parser where we can."""
    if not body.strip(b" \t\r\n"):
        raise MalformedCall("invalid_json", "The body is empty; send a JSON object.")
    if body.startswith(_BYTE_ORDER_MARKS):
        raise MalformedCall("invalid_json", "The body starts with a byte order mark; send JSON as plain UTF-8.")


def _check_utf8(body: bytes) -> None:
    """The parser does not look into text that nobody asked it for."""
    try:
        body.decode()
    except UnicodeDecodeError as exc:
        _check_beginning(body)
        raise MalformedCall("invalid_json", f"The body is not valid UTF-8 (byte {exc.start}).") from exc


def _call(body: bytes, spans: Mapping[str, Span], format: WireFormat) -> Call:
    start, end = spans.get("model") or _missing("model")
    model = _model(body[start:end])
    _check_input(body, spans, format)
    stream = spans.get("stream")
    streams = format.streams and stream is not None and _flag(body, stream, "stream")
    wants, edit = False, None
    if streams and format.usage_is_asked_for:
        wants, edit = _usage_request(body, spans)
    return Call(
        model=model,
        body=body,
        streams=streams,
        wants_usage_chunk=wants,
        model_start=start,
        model_end=end,
        usage_edit=edit,
    )


def _missing(name: str) -> NoReturn:
    raise MalformedCall("missing_required_parameter", f"Missing required parameter: '{name}'.", name)


@functools.lru_cache(maxsize=1024)
def _model(value: bytes) -> str:
    """The name that is written as this JSON value; the same few are asked for again and again."""
    if not value.startswith(b'"'):
        raise _wrong_type("model", "a string", kind_of(value, 0))
    try:
        name = _TEXT.decode(value)
    except msgspec.DecodeError as exc:
        raise _wrong_value("model", "the name holds half of a surrogate pair") from exc
    if not name.strip():
        raise _wrong_value("model", "the name is empty")
    if len(name) > LONGEST_MODEL_NAME:
        raise _wrong_value("model", f"the name is longer than {LONGEST_MODEL_NAME} characters")
    if _CONTROL.search(name):
        raise _wrong_value("model", "the name holds a control character")
    return name


def _check_input(body: bytes, spans: Mapping[str, Span], format: WireFormat) -> None:
    field = format.input_field
    start, end = spans.get(field) or _missing(field)
    if field == "messages" and body.startswith(b"[{", start):
        return  # as nearly all are
    kind = kind_of(body, start)
    if kind not in format.input_types:
        raise _wrong_type(field, " or ".join(format.input_types), kind)
    if field == "messages":
        _check_first_message(body, start, end)


def _check_first_message(body: bytes, start: int, end: int) -> None:
    opening = _FIRST_ELEMENT.match(body, start)
    first = opening.end() if opening else start + 1
    if first == end - 1:
        raise _wrong_value("messages", "the array is empty; send at least one message")
    if body[first] != ord("{"):
        raise _wrong_type("messages[0]", "an object", kind_of(body, first))


def _flag(body: bytes, span: Span | None, name: str) -> bool:
    """OpenAI's API allows null for its flags: it is what clients write that send every field they know."""
    if span is None:
        return False
    value = body[span[0] : span[1]]
    if value not in (b"true", b"false", b"null"):
        raise _wrong_type(name, "a boolean", kind_of(body, span[0]))
    return value == b"true"


def _usage_request(body: bytes, spans: Mapping[str, Span]) -> tuple[bool, Edit | None]:
    """Whether the caller asks for the usage chunk, and the edit that asks for it where the caller does not."""
    options = spans.get("stream_options")
    if options is None:
        end = max(end for _, end in spans.values())
        return False, Edit(end, end, b',"stream_options":{"include_usage":true}')
    start, end = options
    value = body[start:end]
    if value == b"null":
        return False, Edit(start, end, b'{"include_usage":true}')
    if not value.startswith(b"{"):
        raise _wrong_type("stream_options", "an object", kind_of(body, start))
    return _usage_option(value, start)


def _usage_option(options: bytes, offset: int) -> tuple[bool, Edit | None]:
    """The same for `options`, an object that begins at `offset` of the body."""
    try:
        spans = spans_of(options)
    except Malformed as exc:
        raise MalformedCall(exc.code, exc.message, "stream_options") from exc
    span = spans.get("include_usage")
    if _flag(options, span, "stream_options.include_usage"):
        return True, None
    if span is not None:
        return False, Edit(offset + span[0], offset + span[1], b"true")
    comma = b"," if spans else b""
    return False, Edit(offset + 1, offset + 1, b'"include_usage":true' + comma)


def _wrong_type(param: str, expected: str, got: str) -> MalformedCall:
    return MalformedCall("invalid_type", f"Invalid type for '{param}': expected {expected}, but got {got}.", param)


def _wrong_value(param: str, reason: str) -> MalformedCall:
    return MalformedCall("invalid_value", f"Invalid value for '{param}': {reason}.", param)
