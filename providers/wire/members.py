"""Where the top-level members of a JSON object stand in its bytes.

One pass of a C parser finds every member's raw value; the lengths of names and values then become offsets. So a value can
be replaced while every other byte stays as it came, and nothing is parsed twice.

Most bodies are written without spaces, and then adding up is enough: a space, an escape in a name, a letter beyond ASCII
in it and a second member of one name would each make the body longer than the sum. All others are walked.

The walk is exact. The parser keeps the last of two members with one name, and JSON values that start at one place are
prefix-free but for numbers; so when each value is found at its place and a comma or brace follows, no name came twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, TypeAlias

import msgspec

from providers.wire.base import Malformed

Span: TypeAlias = tuple[int, int]
"""Start and end offset of a value."""

MOST_MEMBERS: Final = 1_000
"""No API has a tenth of that; a million names would stop the event loop for a second."""

_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT = msgspec.json.Decoder(str)
_NAME = re.compile(rb'[ \t\r\n]*[{,][ \t\r\n]*("[^"\\]*(?:\\.[^"\\]*)*")[ \t\r\n]*:[ \t\r\n]*')
_FIRST = re.compile(rb"[ \t\r\n]*([^ \t\r\n])")
_CLOSING = re.compile(rb"[ \t\r\n]*(?:\{[ \t\r\n]*)?\}")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


def spans_of(body: bytes) -> dict[str, Span]:
    """The place of each top-level value, in the order of the names.

    Raises Malformed with the code invalid_json, json_too_deep, invalid_type, duplicate_key or invalid_value.
    """
    try:
        values = _MEMBERS.decode(body)
        if len(values) > MOST_MEMBERS:
            raise _too_many(len(values))
        return _compact(body, values) or _walk(body, values)
    except msgspec.ValidationError as exc:
        raise Malformed("invalid_type", f"The JSON body must be an object, but it is {kind_of(body, 0)}.") from exc
    except msgspec.DecodeError as exc:
        # Half of an emoji, as programs leave it that cut text by length: JSON's grammar allows it, the parser does not.
        whole = without_surrogates(body)
        if whole != body:
            return spans_of(whole)
        raise Malformed("invalid_json", f"The body is not valid JSON: {_reason(exc)}.") from exc
    except UnicodeDecodeError as exc:
        raise Malformed("invalid_json", f"The body is not valid UTF-8 (byte {exc.start}).") from exc
    except RecursionError as exc:
        raise Malformed("json_too_deep", "The JSON body is nested too deeply.") from exc


def kind_of(body: bytes, start: int) -> str:
    """What the JSON value that begins at or after `start` is, in words: `an array`."""
    kind = _KINDS.get(body[start : start + 1])
    if kind is not None:
        return kind
    first = _FIRST.match(body, start)
    return _KINDS.get(first.group(1), "a number") if first else "nothing"


def without_surrogates(body: bytes) -> bytes:
    """The same JSON, every escaped surrogate (halves of pairs or lone) now U+FFFD; all offsets stay."""
    return _SURROGATE.sub(rb"\\ufffd", body)


_KINDS: Final[Mapping[bytes, str]] = {
    b"{": "an object",
    b"[": "an array",
    b'"': "a string",
    b"t": "a boolean",
    b"f": "a boolean",
    b"n": "null",
}


def _compact(body: bytes, values: Mapping[str, msgspec.Raw]) -> dict[str, Span] | None:
    """The places of the values if nothing stands between the members but `{"":,}`; else `None`."""
    spans: dict[str, Span] = {}
    end = 0
    for name, value in values.items():
        start = end + len(name) + 4  # of `{"":` or `,"":`
        end = start + len(value)
        spans[name] = (start, end)
    return spans if end + 1 == len(body) else None


def _walk(body: bytes, values: Mapping[str, msgspec.Raw]) -> dict[str, Span]:
    spans: dict[str, Span] = {}
    name, end = "", 0
    for expected, value in values.items():
        # As Python's json and others write it by default; only a guess that saves time.
        usual = b', "%b": ' % expected.encode() if expected.isidentifier() else b""
        if usual and body.startswith(usual, end):
            name, start = expected, end + len(usual)
        else:
            member = _NAME.match(body, end)
            if member is None:  # The value before was longer than the last one of its name: `12` of a `123`.
                raise _duplicate(name)
            name, start = _text(member.group(1)), member.end()
        if name != expected or not body.startswith(value, start):
            raise _duplicate(name)
        end = start + len(value)
        spans[name] = (start, end)
    if _CLOSING.match(body, end) is None:
        again = _NAME.match(body, end)
        raise _duplicate(_text(again.group(1)) if again else name)
    return spans


def _reason(exc: msgspec.DecodeError) -> str:
    """The parser's words, which name the place and never the content."""
    return str(exc).removeprefix("JSON is malformed: ").lower()


def _text(quoted: bytes) -> str:
    if b"\\" in quoted:
        return _TEXT.decode(quoted)
    return quoted[1:-1].decode()


def _too_many(members: int) -> Malformed:
    return Malformed("invalid_value", f"The JSON body has {members} members; at most {MOST_MEMBERS} are read.")


def _duplicate(name: str) -> Malformed:
    shown = name[:64]
    return Malformed("duplicate_key", f"The JSON body names “{shown}” more than once; name it once.", shown)
