"""What an upstream says of its error, in whichever shape it says so.

    OpenAI, Azure, Groq   {"error": {"message", "type", "param", "code", "innererror": {"code"}}}
    Anthropic             {"type": "error", "error": {"type", "message"}}
    Google                {"error": {"code": 429, "message", "status", "details": [{"reason"}, {"retryDelay": "34s"}]}},
                          and the same in a list
    OpenRouter            {"error": {"code": 403, "message", "metadata": {"reasons", "flagged_input", "raw"}}}
    vLLM, Mistral         {"object": "error", "message", "type", "code"}
    Ollama                {"error": "model 'x' not found"}
    FastAPI, Bedrock      {"detail": …}, {"message": …}
    Responses, as events  {"type": "response.failed", "response": {"error": {"code", "message"}}}

Never raises: an error that cannot be read is one all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import msgspec

from providers.wire.members import without_surrogates

FLAGGED: Final = "flagged"
"""Stands among the codes where OpenRouter tells which moderation was met: its code is a bare 403."""
LONGEST_MESSAGE_CHARACTERS: Final = 2048

_CODES: Final = ("code", "error_code", "provider_code", "reason", "error_type", "type", "status", "__type")
_MESSAGES: Final = ("message", "error", "detail", "msg", "error_message")
_INNER: Final = ("error", "innererror", "details", "errors", "detail")
# Gateways put the error of the one behind them into a string.
_WRAPPED: Final = ("message", "raw", "detail", "error")
_DEEPEST: Final = 6
_MOST_PARTS: Final = 32
_CODE: Final = re.compile(r"[A-Za-z][\w.:-]{0,63}")
_DELAY: Final = re.compile(r"(\d{1,6}(?:\.\d{1,9})?)s")

# Any: a body of unknown shape. It leaves this file as a Complaint.
Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """An error object, its words brought together."""

    codes: tuple[str, ...] = ()
    """Every word that may be a code, in lower case, the most telling first."""
    status: int | None = None
    """The HTTP status that it names in its body, 400 to 599."""
    message: str = ""
    """In lower case, cut. Only to be searched: it may repeat what the caller wrote."""
    param: str = ""
    """The member of the request that is at fault."""
    wait_seconds: float | None = None
    """Google's RetryInfo."""
    is_json: bool = False
    """The body is a JSON object or array, so whoever expects an error object can read it."""


def read_complaint(body: bytes) -> Complaint:
    value = _decoded(body)
    if not isinstance(value, dict | list):
        return Complaint()
    parts = list(islice(_parts(value, 0), _MOST_PARTS))
    return Complaint(
        codes=tuple(dict.fromkeys(code for part in parts for code in _codes(part))),
        status=next((status for part in parts for status in _statuses(part)), None),
        message="\n".join(text for part in parts for text in _messages(part)).lower()[:LONGEST_MESSAGE_CHARACTERS],
        param=next((part["param"] for part in parts if isinstance(part.get("param"), str)), ""),
        wait_seconds=next((wait for part in parts for wait in _waits(part)), None),
        is_json=True,
    )


def _decoded(body: bytes) -> Json:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        whole = without_surrogates(body)
        return _decoded(whole) if whole != body else None


def _parts(value: Json, depth: int) -> Iterator[dict[str, Json]]:
    """The objects in which the words of an error stand, inner ones after the one that holds them."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for item in value[:_MOST_PARTS]:
            yield from _parts(item, depth + 1)
    if not isinstance(value, dict):
        return
    yield value
    for name in _INNER:
        yield from _parts(value.get(name), depth + 1)
    # Only there: the metadata of a whole response are the caller's own words.
    for holder, name in (("error", "metadata"), ("response", "error")):
        if isinstance(held := value.get(holder), dict):
            yield from _parts(held.get(name), depth + 1)
    for name in _WRAPPED:
        text = value.get(name)
        if isinstance(text, str) and text.lstrip().startswith(("{", "[")):
            yield from _parts(_decoded(text.encode(errors="replace")), depth + 1)


def _codes(part: dict[str, Json]) -> Iterator[str]:
    for name in _CODES:
        word = part.get(name)
        if isinstance(word, str) and _CODE.fullmatch(word):
            yield word.lower()
    if part.get("flagged_input") or (isinstance(part.get("reasons"), list) and part["reasons"]):
        yield FLAGGED


def _statuses(part: dict[str, Json]) -> Iterator[int]:
    for name in ("code", "status", "status_code", "statusCode"):
        word = part.get(name)
        if isinstance(word, str) and word.isascii() and word.isdigit() and len(word) == 3:
            word = int(word)
        if isinstance(word, int) and 400 <= word <= 599:
            yield word


def _messages(part: dict[str, Json]) -> Iterator[str]:
    for name in _MESSAGES:
        text = part.get(name)
        if isinstance(text, str) and text:
            yield text


def _waits(part: dict[str, Json]) -> Iterator[float]:
    delay = part.get("retryDelay")
    found = _DELAY.fullmatch(delay) if isinstance(delay, str) else None
    if found:
        yield float(found.group(1))
