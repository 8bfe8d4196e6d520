"""OpenAI's error object, as a body and as the last event of a stream."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from providers.wire.sse import data_of


class _Error(msgspec.Struct):
    message: msgspec.Raw = msgspec.Raw()
    code: msgspec.Raw = msgspec.Raw()
    type: msgspec.Raw = msgspec.Raw()


class _Event(_Error):
    """vLLM writes message and code beside `"object": "error"`; the others write them inside `error`."""

    error: msgspec.Raw = msgspec.Raw()


_EVENT = msgspec.json.Decoder(_Event)
_ERROR = msgspec.json.Decoder(_Error)
_WORD = msgspec.json.Decoder(str | int)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedError:
    """What an upstream says of an error in its stream; empty where it does not say."""

    code: str = ""
    message: str = ""
    is_openais: bool = False
    """It has the shape that OpenAI's SDKs raise on."""

    def __str__(self) -> str:
        return ": ".join(part for part in (self.code, self.message) if part)


def error_body(message: str, type: str, param: str | None, code: str | None) -> bytes:
    """`{"error": {"message", "type", "param", "code"}}`; any text is allowed, half surrogate pairs included."""
    fields = {"message": _whole(message), "type": type, "param": param and _whole(param), "code": code}
    return msgspec.json.encode({"error": fields})


def error_event(message: str, code: str, type: str = "upstream_error") -> bytes:
    """One whole event. The official SDKs raise APIError on it; no `[DONE]` follows."""
    return b"data: " + error_body(message, type, None, code) + b"\n\n"


def read_error(event: bytes) -> ReportedError:
    """The error in an event of a stream. Never raises: an error that cannot be read is one all the same."""
    data = data_of(event) or b""
    try:
        outer = _EVENT.decode(data)
        inner = _ERROR.decode(outer.error) if bytes(outer.error).startswith(b"{") else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ReportedError()
    error = inner or outer
    return ReportedError(
        code=_word(error.code) or _word(error.type),
        message=_word(error.message) or _word(outer.error),
        is_openais=inner is not None,
    )


def _word(raw: msgspec.Raw) -> str:
    try:
        return str(_WORD.decode(raw))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""


def _whole(text: str) -> str:
    return text.encode(errors="replace").decode()
