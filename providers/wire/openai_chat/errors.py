"""OpenAI's error object, as a body and as the last event of a stream."""

from __future__ import annotations

import msgspec


def error_body(message: str, type: str, param: str | None, code: str | None) -> bytes:
    """`{"error": {"message", "type", "param", "code"}}`; any text is allowed, half surrogate pairs included."""
    fields = {"message": _whole(message), "type": type, "param": param and _whole(param), "code": code}
    return msgspec.json.encode({"error": fields})


def error_event(message: str, code: str, type: str = "upstream_error") -> bytes:
    """One whole event. The official SDKs raise APIError on it; no `[DONE]` follows."""
    return b"data: " + error_body(message, type, None, code) + b"\n\n"


def _whole(text: str) -> str:
    return text.encode(errors="replace").decode()
